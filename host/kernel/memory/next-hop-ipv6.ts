import { type IpAddress, ip, ipFamily } from '../../net/ip.ts';
import { ipPrefix, prefixAddress, prefixContains } from '../../net/prefix.ts';
import type { Route } from '../kernel.ts';
import { refuse } from './failure.ts';
import type { LinkModel, NamespaceModel } from './model.ts';
import { lookUpRoute } from './route-lookup.ts';

const linkLocal = ipPrefix(ip('fe80::'), 10);
const multicast = ipPrefix(ip('ff00::'), 8);

/** fib6_nh_init, ip6_route_info_create (net/ipv6/route.c): the link that the route leaves by, or why it cannot be. */
export function resolveIpv6(attempt: string, namespace: NamespaceModel, route: Route): LinkModel {
  const { gateway, source } = route;
  if (gateway !== undefined && ipFamily(gateway) === 4) {
    refuse(attempt, 'EINVAL', 'IPv6 does not support RTA_VIA attribute');
  }
  const named = route.index === undefined ? undefined : (namespace.links.get(route.index) ?? refuse(attempt, 'ENODEV'));
  if (route.onLink) {
    if (named === undefined) refuse(attempt, 'ENODEV', 'Nexthop device required for onlink');
    if (!named.up) refuse(attempt, 'ENETDOWN', 'Nexthop device is not up');
  }
  const link =
    gateway === undefined || route.onLink ? named : resolveIpv6Gateway(attempt, namespace, route.index, gateway);
  if (link === undefined) refuse(attempt, 'ENODEV');
  if (!link.up) refuse(attempt, 'ENETDOWN', 'Nexthop device is not up');
  const holdsSource = source === undefined || link.addresses.some(({ prefix }) => prefixAddress(prefix) === source);
  return holdsSource ? link : refuse(attempt, 'EINVAL', 'Invalid source address');
}

/** ip6_validate_gw: a neighbour that no route needs another gateway for, and not the host itself. */
export function resolveIpv6Gateway(
  attempt: string,
  namespace: NamespaceModel,
  index: number | undefined,
  gateway: IpAddress,
): LinkModel {
  const named = index === undefined ? undefined : (namespace.links.get(index) ?? refuse(attempt, 'ENODEV'));
  const own = [...namespace.links.values()].some(
    (link) =>
      (named === undefined || named === link) && link.addresses.some(({ prefix }) => prefixAddress(prefix) === gateway),
  );
  if (own) refuse(attempt, 'EINVAL', 'Gateway can not be a local address');
  if (prefixContains(multicast, gateway)) refuse(attempt, 'EINVAL', 'Invalid gateway address');
  if (prefixContains(linkLocal, gateway)) {
    if (named === undefined) refuse(attempt, 'EINVAL', 'Egress device not specified');
    return named;
  }
  const found = lookUpRoute(namespace, gateway, { link: named });
  if (found?.link === undefined || found.gateway !== undefined) refuse(attempt, 'EHOSTUNREACH');
  return found.link;
}
