import { type IpAddress, ipFamily } from '../../net/ip.ts';
import { type IpPrefix, ipPrefix, networkOf, prefixAddress, prefixContains, prefixLength } from '../../net/prefix.ts';
import {
  type AddressModel,
  type LinkModel,
  type RouteModel,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RTPROT_KERNEL,
} from './model.ts';

/** net/ipv6/route.h: IP6_RT_PRIO_ADDRCONF */
const connectedPriority = 256;
const zeroNetwork = ipPrefix('0.0.0.0' as IpAddress, 8);
const ipv4Multicast = ipPrefix('224.0.0.0' as IpAddress, 4);

/**
 * The routes that come with an address: to itself as long as it is there, to its network while the link is up. To be called again
 * when the link comes up or the address becomes usable; routes that are there already stay as they are.
 */
export function addAddressRoutes(link: LinkModel, address: AddressModel): void {
  const { routes } = link.namespace;
  if (ipFamily(prefixAddress(address.prefix)) === 4) link.namespace.hasLocalTable = true;
  for (const route of routesOf(link, address)) if (!routes.some((other) => sameRoute(other, route))) routes.push(route);
}

/** Takes those away that no other address of the link is behind, and what else needed the address. */
export function removeAddressRoutes(link: LinkModel, address: AddressModel): void {
  const kept = link.addresses.flatMap((other) => routesOf(link, other));
  const gone = routesOf(link, address, 'ever').filter(
    (route) => !kept.some((other) => sameRoute(other, route)) && !isSharedNetwork(link, address, route),
  );
  keepRoutes(link, (route) => !gone.some((other) => sameRoute(other, route)));
  forgetSource(link, prefixAddress(address.prefix));
}

/** check_cleanup_prefix_route (net/ipv6/addrconf.c): another address of the same network keeps its route, also one that has none. */
function isSharedNetwork(link: LinkModel, { prefix }: AddressModel, route: RouteModel): boolean {
  if (ipFamily(prefixAddress(prefix)) === 4 || route.kind === 'local') return false;
  return link.addresses.some((other) => networkOf(other.prefix) === networkOf(prefix));
}

/** fib_sync_down_addr: IPv4 routes with the address as their source go. fib6_remove_prefsrc: IPv6 routes of the link forget it. */
function forgetSource(link: LinkModel, source: IpAddress): void {
  const holds = (other: LinkModel) => other.addresses.some((address) => prefixAddress(address.prefix) === source);
  if (ipFamily(source) === 4) {
    if (![...link.namespace.links.values()].some(holds)) keepRoutes(link, (route) => route.source !== source);
  } else {
    for (const route of link.namespace.routes) {
      if (route.link === link && route.source === source) route.source = undefined;
    }
  }
}

/** Removes the routes of the link's namespace that are not to be kept. */
export function keepRoutes(link: LinkModel, keep: (route: RouteModel) => boolean): void {
  const { routes } = link.namespace;
  routes.splice(0, routes.length, ...routes.filter(keep));
}

/** Those that the address has now, or all that it can ever have. */
type When = 'now' | 'ever';

function routesOf(link: LinkModel, address: AddressModel, when: When = 'now'): RouteModel[] {
  return ipFamily(prefixAddress(address.prefix)) === 4
    ? ipv4Routes(link, address, when)
    : ipv6Routes(link, address, when);
}

/** fib_add_ifaddr (net/ipv4/fib_frontend.c) */
function ipv4Routes(link: LinkModel, address: AddressModel, when: When): RouteModel[] {
  const network = networkOf(address.prefix);
  const source = prefixAddress(address.secondary ? primaryOf(link, network) : address.prefix);
  const local = { ...kernelRoute, link, source, kind: 'local', table: RT_TABLE_LOCAL, scope: RT_SCOPE_HOST } as const;
  const toItself: RouteModel = { ...local, destination: ipPrefix(prefixAddress(address.prefix), 32) };
  const hasNetwork =
    (link.up || when === 'ever') &&
    !address.secondary &&
    !address.noPrefixRoute &&
    prefixLength(address.prefix) < 32 &&
    !prefixContains(zeroNetwork, prefixAddress(network)) &&
    !prefixContains(ipv4Multicast, prefixAddress(network));
  if (!hasNetwork) return [toItself];
  if (link.body.kind === 'loopback') return [toItself, { ...local, destination: network }];
  return [toItself, { ...kernelRoute, link, source, destination: network, scope: RT_SCOPE_LINK }];
}

function primaryOf(link: LinkModel, network: IpPrefix): IpPrefix {
  return link.addresses.find((other) => !other.secondary && networkOf(other.prefix) === network)?.prefix ?? network;
}

/** addrconf_prefix_route, __ipv6_ifa_notify (net/ipv6/addrconf.c): no route to itself before the address is usable. */
function ipv6Routes(link: LinkModel, address: AddressModel, when: When): RouteModel[] {
  const destination = ipPrefix(prefixAddress(address.prefix), 128);
  const routes: RouteModel[] = [];
  if (address.state === 'usable' || when === 'ever') {
    routes.push({ ...kernelRoute, link, kind: 'local', table: RT_TABLE_LOCAL, destination });
  }
  const hasNetwork = (link.up || when === 'ever') && !address.noPrefixRoute;
  if (hasNetwork)
    routes.push({ ...kernelRoute, link, destination: networkOf(address.prefix), priority: connectedPriority });
  return routes;
}

const kernelRoute = {
  kind: 'unicast',
  gateway: undefined,
  source: undefined,
  priority: 0,
  table: RT_TABLE_MAIN,
  scope: RT_SCOPE_UNIVERSE,
  protocol: RTPROT_KERNEL,
  mtu: undefined,
  advertisedMss: undefined,
  onLink: false,
} as const;

/** Equal in everything that the kernel compares before it says EEXIST to IPv4. */
export function sameRoute(a: RouteModel, b: RouteModel): boolean {
  return (
    a.kind === b.kind &&
    a.destination === b.destination &&
    a.gateway === b.gateway &&
    a.link === b.link &&
    a.source === b.source &&
    a.priority === b.priority &&
    a.table === b.table &&
    a.scope === b.scope &&
    a.protocol === b.protocol &&
    a.mtu === b.mtu &&
    a.advertisedMss === b.advertisedMss &&
    a.onLink === b.onLink
  );
}
