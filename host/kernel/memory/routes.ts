import { type IpAddress, ipFamily } from '../../net/ip.ts';
import { networkOf, prefixAddress } from '../../net/prefix.ts';
import type { Route, RouteFilter } from '../kernel.ts';
import { requireLinkIndex } from '../link-names.ts';
import { describeRoute } from '../route-text.ts';
import { sameRoute } from './address-routes.ts';
import { refuse } from './failure.ts';
import {
  type NamespaceModel,
  type RouteModel,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_MAIN,
  RTPROT_BOOT,
} from './model.ts';
import { resolveIpv4 } from './next-hop-ipv4.ts';
import { requireSameFamily, resolveIpv6 } from './next-hop-ipv6.ts';
import { compareRoutes } from './route-order.ts';

/** linux/ipv6_route.h: IP6_RT_PRIO_USER */
const ipv6Priority = 1024;
/** ip_metrics_convert (net/ipv4/metrics.c): greater ones become these. 0 is none. */
const greatestMtu = 65535 - 15;
const greatestMss = 65535 - 40;

export function listRoutes(namespace: NamespaceModel, { index, table = RT_TABLE_MAIN }: RouteFilter = {}): Route[] {
  return namespace.routes
    .filter((route) => route.table === table && (index === undefined || route.link?.index === index))
    .sort(compareRoutes)
    .map(readRoute);
}

/** RTM_NEWROUTE with NLM_F_CREATE alone: fib_table_insert (net/ipv4/fib_trie.c), fib6_add_rt2node (net/ipv6/ip6_fib.c). */
export function addRoute(namespace: NamespaceModel, route: Route): void {
  const attempt = `add route ${describeRoute(route)}`;
  const made = resolve(attempt, namespace, route);
  const peers = peersOf(namespace, made);
  if (peers.some((other) => isSame(other, made))) refuse(attempt, 'EEXIST');
  // IPv4 puts it before those of its kind, IPv6 after them.
  const [first] = peers;
  if (first === undefined || isIpv6(made)) namespace.routes.push(made);
  else namespace.routes.splice(namespace.routes.indexOf(first), 0, made);
}

export function replaceRoute(namespace: NamespaceModel, route: Route): void {
  const attempt = `replace route ${describeRoute(route)}`;
  const made = resolve(attempt, namespace, route);
  const peers = peersOf(namespace, made);
  const { routes } = namespace;
  if (!isIpv6(made)) {
    const [first] = peers;
    const same = peers.find((other) => isSame(other, made));
    if (same !== undefined && same !== first) refuse(attempt, 'EEXIST');
    if (first === undefined) routes.push(made);
    else routes[routes.indexOf(first)] = made;
    return;
  }
  // All next hops of the route that is replaced go (fib6_add_rt2node); one without gateway is not replaced by one with it, or
  // only where there is no other.
  const alike = peers.filter((other) => (other.gateway === undefined) === (made.gateway === undefined));
  const [fallback] = made.gateway === undefined ? [] : peers;
  const gone = alike.length === 0 ? [fallback] : made.gateway === undefined ? alike.slice(0, 1) : alike;
  const position = gone[0] === undefined ? routes.length : routes.indexOf(gone[0]);
  routes.splice(position, 0, made);
  routes.splice(0, routes.length, ...routes.filter((other) => !gone.includes(other)));
}

/** RTM_DELROUTE: the first that has what is asked for; of IPv6 without a gateway, with all its next hops. */
export function removeRoute(namespace: NamespaceModel, route: Route): void {
  const attempt = `remove route ${describeRoute(route)}`;
  if (route.index !== undefined) requireLinkIndex(attempt, route.index);
  requireSameFamily(attempt, route);
  const found = namespace.routes.filter((other) => matches(other, route)).sort(compareRoutes)[0];
  if (found === undefined) refuse(attempt, 'ESRCH');
  const isSibling = (other: RouteModel) =>
    isIpv6(found) &&
    route.gateway === undefined &&
    found.gateway !== undefined &&
    other.gateway !== undefined &&
    isPeer(other, found);
  const { routes } = namespace;
  routes.splice(0, routes.length, ...routes.filter((other) => other !== found && !isSibling(other)));
}

function resolve(attempt: string, namespace: NamespaceModel, route: Route): RouteModel {
  if (route.index !== undefined) requireLinkIndex(attempt, route.index);
  const family = ipFamily(prefixAddress(route.destination));
  const scope = route.scope ?? defaultScope(route);
  const resolved = { ...route, scope };
  const link =
    route.kind === 'blackhole' ? undefined : (family === 4 ? resolveIpv4 : resolveIpv6)(attempt, namespace, resolved);
  return {
    kind: route.kind ?? 'unicast',
    destination: networkOf(route.destination),
    gateway: route.gateway,
    link,
    source: route.source,
    priority: route.priority || (family === 6 ? ipv6Priority : 0),
    table: route.table || RT_TABLE_MAIN,
    scope: family === 6 ? RT_SCOPE_UNIVERSE : scope,
    protocol: route.protocol ?? RTPROT_BOOT,
    mtu: metric(route.mtu, greatestMtu),
    advertisedMss: metric(route.advertisedMss, greatestMss),
    onLink: route.onLink ?? false,
  };
}

function metric(value: number | undefined, greatest: number): number | undefined {
  return value ? Math.min(value, greatest) : undefined;
}

function defaultScope(route: Route): number {
  if (route.kind === 'local') return RT_SCOPE_HOST;
  if (route.kind === 'blackhole') return RT_SCOPE_UNIVERSE;
  return route.gateway === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

function isIpv6(route: RouteModel): boolean {
  return ipFamily(prefixAddress(route.destination)) === 6;
}

function isPeer(a: RouteModel, b: RouteModel): boolean {
  return a.destination === b.destination && a.priority === b.priority && a.table === b.table;
}

function peersOf(namespace: NamespaceModel, route: RouteModel): RouteModel[] {
  return namespace.routes.filter((other) => isPeer(other, route));
}

/** IPv4 compares everything, IPv6 the next hop alone (rt6_duplicate_nexthop). */
function isSame(a: RouteModel, b: RouteModel): boolean {
  return isIpv6(a) ? a.link === b.link && a.gateway === b.gateway : sameRoute(a, b);
}

function matches(route: RouteModel, wanted: Route): boolean {
  if (route.destination !== networkOf(wanted.destination) || route.table !== (wanted.table ?? RT_TABLE_MAIN))
    return false;
  const fits = <T>(value: T, wish: T | undefined) => wish === undefined || value === wish;
  const common =
    fits(route.gateway, wanted.gateway) &&
    fits(route.link?.index, wanted.index) &&
    fits(route.priority, wanted.priority || undefined) &&
    fits(route.protocol, wanted.protocol || undefined);
  if (isIpv6(route)) return common;
  return (
    common &&
    route.kind === (wanted.kind ?? 'unicast') &&
    fits(route.scope, wanted.scope) &&
    fits<IpAddress | undefined>(route.source, wanted.source) &&
    fits(route.mtu ?? 0, wanted.mtu) &&
    fits(route.advertisedMss ?? 0, wanted.advertisedMss)
  );
}

function readRoute(route: RouteModel): Route {
  return {
    destination: route.destination,
    ...(route.kind === 'unicast' ? {} : { kind: route.kind }),
    ...(route.source === undefined ? {} : { source: route.source }),
    ...(route.priority === 0 ? {} : { priority: route.priority }),
    table: route.table,
    scope: route.scope,
    protocol: route.protocol,
    ...(route.mtu === undefined ? {} : { mtu: route.mtu }),
    ...(route.advertisedMss === undefined ? {} : { advertisedMss: route.advertisedMss }),
    ...(route.gateway === undefined ? {} : { gateway: route.gateway }),
    ...(route.link === undefined ? {} : { index: route.link.index }),
    ...(route.onLink ? { onLink: true } : {}),
  };
}
