import { Some } from 'bulkhead-sdk/abi/values';
import { ensure, orFail } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import { Prefix } from 'bulkhead-sdk/prefix';
import { Address, Outcome } from 'wit/cni/types';
import * as addresses from 'wit/net/addresses';
import { Link } from 'wit/net/links';
import { Netns } from 'wit/net/namespaces';
import * as routes from 'wit/net/routes';

/** Fails where the container's interface has not the addresses that the ADD gave it, or not the network that comes with each. */
export function checkAddresses(ns: Netns, container: Link, previous: Outcome, position: i32): void {
  const name = container.name;
  const assigned = orFail(addresses.all(ns, new Some<u32>(container.index)), 'Cannot obtain List of IP Addresses');
  const known = orFail(routes.all(ns, new Some<u32>(container.index), null), 'Cannot obtain List of Routes');
  for (let i = 0; i < previous.addresses.length; i++) {
    const address = previous.addresses[i];
    if (!isOn(address, position)) continue;
    const prefix = Prefix.from(address.prefix);
    ensure(isAssigned(assigned, prefix), `Failed to match addr ${prefix.toString()} on interface ${name}`);
    const isAlone = prefix.length === prefix.address.bits;
    ensure(
      isAlone || hasNetwork(known, prefix),
      `Failed to find Gateway ${gatewayText(address)} for interface ${name}`,
    );
  }
}

/** An address that names no interface is of the only one there was: the container's. */
export function isOn(address: Address, position: i32): bool {
  const place = address.position;
  return place === null || place.value === position;
}

function isAssigned(assigned: addresses.Assigned[], prefix: Prefix): bool {
  for (let i = 0; i < assigned.length; i++) if (Prefix.from(assigned[i].prefix).equals(prefix)) return true;
  return false;
}

function hasNetwork(known: routes.Route[], prefix: Prefix): bool {
  for (let i = 0; i < known.length; i++) if (Prefix.from(known[i].destination).equals(prefix.masked)) return true;
  return false;
}

function gatewayText(address: Address): string {
  const gateway = address.gateway;
  return gateway === null ? '<nil>' : Ip.from(gateway).toString();
}
