import { Prefix } from 'bulkhead-sdk/prefix';
import { Ip } from 'bulkhead-sdk/ip';
import { Address, OutcomeRoute } from 'wit/cni/types';
import { Assignment } from 'wit/ipam/delegate';
import { Settings } from './settings';

/** Names a gateway for each address that has none, where the bridge is one: the first address of the network. */
export function nameGateways(assignment: Assignment, settings: Settings): void {
  if (!settings.isGateway) return;
  for (let i = 0; i < assignment.addresses.length; i++) {
    const address = assignment.addresses[i];
    if (address.gateway === null) address.gateway = Prefix.from(address.prefix).network.next().toWit();
    if (settings.isDefaultGateway) ensureDefaultRoute(assignment, address);
  }
}

/** The addresses that the bridge gets as a gateway, with the length of the network: IPv4 first. */
export function gatewayAddresses(assignment: Assignment): Prefix[] {
  const found: Prefix[] = [];
  for (let family = 4; family <= 6; family += 2) {
    for (let i = 0; i < assignment.addresses.length; i++) {
      const address = assignment.addresses[i];
      const gateway = address.gateway;
      if (gateway === null) continue;
      const ip = Ip.from(gateway);
      if (ip.family === family) found.push(new Prefix(ip, address.prefix.length));
    }
  }
  return found;
}

/** A default route by the address's gateway, unless its family has one with a gateway. */
function ensureDefaultRoute(assignment: Assignment, address: Address): void {
  const everything = Prefix.everything(Prefix.from(address.prefix).family);
  for (let i = 0; i < assignment.routes.length; i++) {
    const route = assignment.routes[i];
    if (route.gateway !== null && Prefix.from(route.destination).equals(everything)) return;
  }
  const route = new OutcomeRoute();
  route.destination = everything.toWit();
  route.gateway = address.gateway;
  assignment.routes.push(route);
}
