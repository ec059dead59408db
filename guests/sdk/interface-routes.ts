import { Some } from 'bulkhead-sdk/abi/values';
import { fail } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import { LinkSetup } from 'bulkhead-sdk/link-setup';
import { Prefix } from 'bulkhead-sdk/prefix';
import { Address, OutcomeRoute } from 'wit/cni/types';
import { Assignment } from 'wit/ipam/delegate';
import { Link } from 'wit/net/links';
import { Route } from 'wit/net/routes';
import { IpAddress } from 'wit/net/types';

/** linux/rtnetlink.h: RT_SCOPE_UNIVERSE, which the reference's routes have where they say nothing. */
const universe: u8 = 0;

/** The routes by the link. One without a gateway goes by the first gateway of its family. */
export function addRoutes(link: Link, assignment: Assignment, setup: LinkSetup): void {
  for (let i = 0; i < assignment.routes.length; i++) {
    const route = routeBy(link, assignment.routes[i], assignment.addresses);
    const attempt = `failed to add route '${describe(route, link)}'`;
    if (!isOfOneFamily(route)) {
      // What comes before it may fail first.
      setup.apply();
      // The kernel could do it for IPv4. The reference could not.
      fail(`${attempt}: gateway, source, and destination ip are not the same IP family`);
    }
    setup.route(route, attempt);
  }
}

function routeBy(link: Link, wanted: OutcomeRoute, addresses: Address[]): Route {
  const route = new Route();
  route.destination = wanted.destination;
  route.index = new Some<u32>(link.index);
  route.gateway =
    wanted.gateway === null ? firstGateway(addresses, Prefix.from(wanted.destination).family) : wanted.gateway;
  route.mtu = wanted.mtu;
  route.advertisedMss = wanted.advertisedMss;
  route.priority = wanted.priority;
  route.table = wanted.table;
  // Not what the kernel's own tools choose for one without a gateway, which would be the link.
  route.scope = wanted.scope === null ? new Some<u8>(universe) : wanted.scope;
  return route;
}

function isOfOneFamily(route: Route): bool {
  const gateway = route.gateway;
  return gateway === null || Ip.from(gateway).family === Prefix.from(route.destination).family;
}

/** Null where no address of the family has one. */
function firstGateway(addresses: Address[], family: i32): IpAddress | null {
  for (let i = 0; i < addresses.length; i++) {
    const gateway = addresses[i].gateway;
    if (gateway !== null && Ip.from(gateway).family === family) return gateway;
  }
  return null;
}

/** In the words of the reference. */
function describe(route: Route, link: Link): string {
  const destination = Prefix.from(route.destination).toString();
  const gateway = route.gateway;
  const via = gateway === null ? '<nil>' : Ip.from(gateway).toString();
  const priority = route.priority;
  const metric = priority === null ? 0 : priority.value;
  const scope = route.scope;
  const scopeText = scopeName(scope === null ? 0 : scope.value);
  const table = route.table;
  const tableNumber = table === null ? 0 : table.value;
  return `${destination} via ${via} dev ${link.name} metric ${metric} (Scope: ${scopeText}, Table: ${tableNumber})`;
}

function scopeName(scope: u8): string {
  switch (scope) {
    case 0:
      return 'universe';
    case 200:
      return 'site';
    case 253:
      return 'link';
    case 254:
      return 'host';
    case 255:
      return 'nowhere';
    default:
      return scope.toString();
  }
}
