import { type IpAddress, ip, ipFamily } from '../../net/ip.ts';
import { ipPrefix, lastAddress, prefixAddress, prefixContains, prefixLength } from '../../net/prefix.ts';
import type { Route } from '../kernel.ts';
import { refuse } from './failure.ts';
import { type LinkModel, type NamespaceModel, RT_SCOPE_LINK, RT_TABLE_LOCAL, RT_TABLE_MAIN } from './model.ts';
import { resolveIpv6 } from './next-hop-ipv6.ts';
import { lookUpRoute } from './route-lookup.ts';

const multicast = ipPrefix(ip('224.0.0.0'), 4);

/** fib_create_info, fib_check_nh (net/ipv4/fib_semantics.c): the link that the route leaves by, or why it cannot be. */
export function resolveIpv4(attempt: string, namespace: NamespaceModel, route: Route): LinkModel {
  const link =
    route.gateway === undefined
      ? direct(attempt, namespace, route)
      : viaGateway(attempt, namespace, route, route.gateway);
  if (route.source !== undefined && !isLocal(namespace, route.source))
    refuse(attempt, 'EINVAL', 'Invalid prefsrc address');
  return link;
}

function direct(attempt: string, namespace: NamespaceModel, route: Route): LinkModel {
  if (route.onLink) refuse(attempt, 'EINVAL', 'Invalid flags for nexthop - PERVASIVE and ONLINK can not be set');
  const link = namespace.links.get(route.index ?? 0) ?? refuse(attempt, 'ENODEV');
  return link.up ? link : refuse(attempt, 'ENETDOWN', 'Device for nexthop is not up');
}

function viaGateway(attempt: string, namespace: NamespaceModel, route: Route, gateway: IpAddress): LinkModel {
  const named = route.index === undefined ? undefined : namespace.links.get(route.index);
  // fib_check_nh_v6_gw asks IPv6.
  if (ipFamily(gateway) === 6) return resolveIpv6(attempt, namespace, withoutSource(route));
  if (route.onLink) {
    if (named === undefined) refuse(attempt, 'ENODEV', 'Nexthop device required for onlink');
    if (!named.up) refuse(attempt, 'ENETDOWN', 'Nexthop device is not up');
    if (isUnfit(namespace, gateway)) refuse(attempt, 'EINVAL', 'Nexthop has invalid gateway');
    return named;
  }
  if (route.index !== undefined && named === undefined) refuse(attempt, 'ENETUNREACH', 'Nexthop has invalid gateway');
  const leastScope = Math.max(RT_SCOPE_LINK, (route.scope ?? 0) + 1);
  const tables = [...new Set([route.table ?? RT_TABLE_MAIN, RT_TABLE_LOCAL, RT_TABLE_MAIN])];
  const found = lookUpRoute(namespace, gateway, {
    link: named,
    leastScope,
    tables: tables[0] === RT_TABLE_MAIN ? [RT_TABLE_LOCAL, RT_TABLE_MAIN] : tables,
  });
  if (isBroadcast(namespace, gateway)) refuse(attempt, 'EINVAL', 'Nexthop has invalid gateway');
  if (found?.link === undefined) refuse(attempt, 'ENETUNREACH', 'Nexthop has invalid gateway');
  return found.link.up ? found.link : refuse(attempt, 'ENETDOWN', 'Nexthop device is not up');
}

function withoutSource({ source: _, ...route }: Route): Route {
  return route;
}

function isUnfit(namespace: NamespaceModel, gateway: IpAddress): boolean {
  return (
    !namespace.hasLocalTable ||
    prefixContains(multicast, gateway) ||
    isLocal(namespace, gateway) ||
    isBroadcast(namespace, gateway)
  );
}

/** inet_addr_type: RTN_LOCAL */
function isLocal(namespace: NamespaceModel, address: IpAddress): boolean {
  return lookUpRoute(namespace, address, { tables: [RT_TABLE_LOCAL] })?.kind === 'local';
}

/** The broadcast routes of the local table, which are not listed: the last address of each network that is up. */
function isBroadcast(namespace: NamespaceModel, address: IpAddress): boolean {
  if (ipFamily(address) === 6) return false;
  for (const link of namespace.links.values()) {
    if (!link.up) continue;
    for (const { prefix } of link.addresses) {
      if (ipFamily(prefixAddress(prefix)) === 4 && prefixLength(prefix) < 31 && lastAddress(prefix) === address)
        return true;
    }
  }
  return false;
}
