import { type IpAddress, ip, ipFamily } from '../../net/ip.ts';
import { ipPrefix, prefixAddress, prefixContains, prefixLength } from '../../net/prefix.ts';
import type { Route } from '../kernel.ts';
import { setting } from './configuration.ts';
import { refuse } from './failure.ts';
import { type LinkModel, type NamespaceModel, RT_TABLE_MAIN } from './model.ts';
import { lookUpRoute } from './route-lookup.ts';

const linkLocal = ipPrefix(ip('fe80::'), 10);
const multicast = ipPrefix(ip('ff00::'), 8);

/** fib6_nh_init (net/ipv6/route.c): the link that the route leaves by, or why it cannot be. */
export function resolveIpv6(attempt: string, namespace: NamespaceModel, route: Route): LinkModel {
  const { gateway, source } = route;
  requireSameFamily(attempt, route);
  const named = route.index === undefined ? undefined : requireIpv6(attempt, namespace.links.get(route.index));
  if (route.onLink) {
    if (named === undefined) refuse(attempt, 'ENODEV', 'Nexthop device required for onlink');
    if (!named.up) refuse(attempt, 'ENETDOWN', 'Nexthop device is not up');
  }
  const egress =
    gateway === undefined ? named : resolveIpv6Gateway(attempt, namespace, { named, gateway, onLink: route.onLink });
  const link = requireIpv6(attempt, egress);
  if (setting(link.ipv6, 'disable_ipv6') !== 0) refuse(attempt, 'EACCES', 'IPv6 is disabled on nexthop device');
  if (!link.up) refuse(attempt, 'ENETDOWN', 'Nexthop device is not up');
  const holdsSource = source === undefined || link.addresses.some(({ prefix }) => prefixAddress(prefix) === source);
  return holdsSource ? link : refuse(attempt, 'EINVAL', 'Invalid source address');
}

function requireIpv6(attempt: string, link: LinkModel | undefined): LinkModel {
  return link?.ipv6 === undefined ? refuse(attempt, 'ENODEV') : link;
}

/** Only IPv4 routes have gateways of the other family. */
export function requireSameFamily(attempt: string, { destination, gateway }: Route): void {
  if (gateway === undefined || ipFamily(gateway) === 6 || ipFamily(prefixAddress(destination)) === 4) return;
  refuse(attempt, 'EINVAL', 'IPv6 does not support RTA_VIA attribute');
}

interface Ipv6Gateway {
  readonly named: LinkModel | undefined;
  readonly gateway: IpAddress;
  readonly onLink?: boolean | undefined;
}

/** ip6_validate_gw: a neighbour that no route needs another gateway for, and not the host itself. */
function resolveIpv6Gateway(attempt: string, namespace: NamespaceModel, wanted: Ipv6Gateway): LinkModel {
  const { named, gateway } = wanted;
  const isLinkLocal = prefixContains(linkLocal, gateway);
  const holds = (link: LinkModel) => link.addresses.some(({ prefix }) => prefixAddress(prefix) === gateway);
  const own = [...namespace.links.values()].filter(holds);
  const isOwn = isLinkLocal ? own.some((link) => link === named) : own.length > 0;
  if (isOwn) refuse(attempt, 'EINVAL', 'Gateway can not be a local address');
  if (gateway === '::' || prefixContains(multicast, gateway)) refuse(attempt, 'EINVAL', 'Invalid gateway address');
  const link = isLinkLocal ? named : findEgress(attempt, namespace, wanted);
  if (link === undefined) refuse(attempt, 'EINVAL', 'Egress device not specified');
  if (link.body.kind === 'loopback') {
    refuse(attempt, 'EINVAL', 'Egress device can not be loopback device for this route');
  }
  return link;
}

/** ip6_route_check_nh, and ip6_route_check_nh_onlink, which minds only routes that lead elsewhere. */
function findEgress(attempt: string, namespace: NamespaceModel, { named, gateway, onLink }: Ipv6Gateway): LinkModel {
  if (onLink && named !== undefined) {
    const other = lookUpRoute(namespace, gateway, { tables: [RT_TABLE_MAIN] });
    const leadsElsewhere = other !== undefined && prefixLength(other.destination) > 0 && other.link !== named;
    return leadsElsewhere ? refuse(attempt, 'EINVAL', 'Nexthop has invalid gateway or device mismatch') : named;
  }
  const found = lookUpRoute(namespace, gateway, { link: named });
  return found?.link === undefined || found.gateway !== undefined ? refuse(attempt, 'EHOSTUNREACH') : found.link;
}
