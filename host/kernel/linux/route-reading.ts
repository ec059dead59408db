import { ip } from '../../net/ip.ts';
import { ipPrefix } from '../../net/prefix.ts';
import type { Decoded } from '../../netlink/codec.ts';
import { AF_INET } from '../../netlink/route/family.ts';
import { RTM_F_CLONED, RTNH_F_ONLINK, type routeMessage } from '../../netlink/route/route.ts';
import type { Route, RouteKind } from '../kernel.ts';

export type RouteAnswer = Decoded<typeof routeMessage>;

/** linux/rtnetlink.h: RTN_*. Broadcast, anycast and multicast routes are the kernel's own business and left out. */
export const routeTypes: Record<RouteKind, number> = { unicast: 1, local: 2, blackhole: 6 };
const kindsByType = new Map(Object.entries(routeTypes).map(([kind, type]) => [type, kind as RouteKind]));

/** One route for each next hop. Nothing for other types of routes, and for entries of the cache. */
export function readRoutes(answer: RouteAnswer): Route[] {
  const kind = kindsByType.get(answer.type);
  if (kind === undefined || answer.flags & RTM_F_CLONED) return [];
  const unspecified = ip(answer.family === AF_INET ? '0.0.0.0' : '::');
  const common = {
    destination: ipPrefix(answer.destination ?? unspecified, answer.destinationLength),
    ...(kind === 'unicast' ? {} : { kind }),
    ...(answer.preferredSource === undefined ? {} : { source: answer.preferredSource }),
    ...(answer.priority ? { priority: answer.priority } : {}),
    table: answer.table ?? answer.shortTable,
    scope: answer.scope,
    protocol: answer.protocol,
    ...(answer.metrics?.mtu === undefined ? {} : { mtu: answer.metrics.mtu }),
    ...(answer.metrics?.advertisedMss === undefined ? {} : { advertisedMss: answer.metrics.advertisedMss }),
  };
  const hops = answer.nextHops ?? [{ ...answer, index: kind === 'blackhole' ? undefined : answer.outputIndex }];
  return hops.map((hop) => {
    const gateway = hop.gateway ?? hop.via;
    return {
      ...common,
      ...(gateway === undefined ? {} : { gateway }),
      ...(hop.index === undefined ? {} : { index: hop.index }),
      ...(hop.flags & RTNH_F_ONLINK ? { onLink: true } : {}),
    };
  });
}
