import { ipFamily } from '../../net/ip.ts';
import { networkOf, prefixAddress, prefixLength } from '../../net/prefix.ts';
import { AF_INET, AF_INET6 } from '../../netlink/route/family.ts';
import { RTNH_F_ONLINK } from '../../netlink/route/route.ts';
import type { Route } from '../kernel.ts';
import { mainTable } from '../route-text.ts';
import { type RouteAnswer, routeTypes } from './route-reading.ts';

/** linux/rtnetlink.h: RTPROT_BOOT, RT_SCOPE_* */
const bootProtocol = 3;
const universe = 0;
const linkScope = 253;
const hostScope = 254;
const anyScope = 255;

/** A route to be made; what is absent gets the defaults of the interface. */
export function encodeNewRoute(route: Route): Partial<RouteAnswer> {
  return {
    ...encodeRoute(route),
    protocol: route.protocol ?? bootProtocol,
    scope: route.scope ?? defaultScope(route),
  };
}

/** A route to be removed; what is absent is not compared. */
export function encodeRemovedRoute(route: Route): Partial<RouteAnswer> {
  return { ...encodeRoute(route), protocol: route.protocol ?? 0, scope: route.scope ?? anyScope };
}

function encodeRoute(route: Route): Partial<RouteAnswer> {
  const family = ipFamily(prefixAddress(route.destination));
  const table = route.table ?? mainTable;
  const sameFamily = route.gateway === undefined || ipFamily(route.gateway) === family;
  const metrics = { mtu: route.mtu, advertisedMss: route.advertisedMss };
  return {
    family: family === 4 ? AF_INET : AF_INET6,
    destinationLength: prefixLength(route.destination),
    type: routeTypes[route.kind ?? 'unicast'],
    flags: route.onLink ? RTNH_F_ONLINK : 0,
    // The kernel refuses bits beyond the length. 0.0.0.0/0 is written as no destination at all.
    destination: prefixLength(route.destination) === 0 ? undefined : prefixAddress(networkOf(route.destination)),
    outputIndex: route.index,
    gateway: sameFamily ? route.gateway : undefined,
    via: sameFamily ? undefined : route.gateway,
    priority: route.priority,
    preferredSource: route.source,
    metrics: Object.values(metrics).every((metric) => metric === undefined) ? undefined : metrics,
    table,
  };
}

/** As iproute2 and the Go netlink library choose it. */
function defaultScope(route: Route): number {
  if (route.kind === 'local') return hostScope;
  if (ipFamily(prefixAddress(route.destination)) === 6 || route.kind === 'blackhole') return universe;
  return route.gateway === undefined ? linkScope : universe;
}
