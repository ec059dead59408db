import { formatIp, type IpAddress, ipBytes, ipFamily } from '../../net/ip.ts';
import { macBytes } from '../../net/mac.ts';
import { type IpPrefix, ipPrefix, networkOf, prefixAddress, prefixContains } from '../../net/prefix.ts';
import type { AddressFlags } from '../kernel.ts';
import { addAddressRoutes, keepRoutes, removeAddressRoutes } from './address-routes.ts';
import { type Configuration, setting } from './configuration.ts';
import { refuse } from './failure.ts';
import {
  type AddressModel,
  type LinkModel,
  type NamespaceModel,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_SCOPE_SITE,
  RT_SCOPE_UNIVERSE,
} from './model.ts';

const notFound = { 4: 'ipv4: Device not found', 6: 'ipv6: Unable to find the interface' } as const;
const linkLocal = ipPrefix('fe80::' as IpAddress, 10);
const siteLocal = ipPrefix('fec0::' as IpAddress, 10);
const ipv6Multicast = ipPrefix('ff00::' as IpAddress, 8);

/** RTM_NEWADDR with NLM_F_EXCL (net/ipv4/devinet.c, inet_rtm_newaddr; net/ipv6/addrconf.c, inet6_addr_add). */
export function addAddress(
  attempt: string,
  namespace: NamespaceModel,
  index: number,
  prefix: IpPrefix,
  flags: AddressFlags,
): void {
  const family = ipFamily(prefixAddress(prefix));
  const link = namespace.links.get(index) ?? refuse(attempt, 'ENODEV', notFound[family]);
  if (family === 6) checkIpv6(attempt, link, prefix);
  const taken = link.addresses.some((other) =>
    family === 4 ? other.prefix === prefix : prefixAddress(other.prefix) === prefixAddress(prefix),
  );
  if (taken)
    refuse(attempt, 'EEXIST', family === 4 ? 'ipv4: Address already assigned' : 'ipv6: address already assigned');
  assign(link, prefix, flags, family === 4 ? RT_SCOPE_UNIVERSE : ipv6Scope(prefixAddress(prefix)));
}

function checkIpv6(attempt: string, link: LinkModel, prefix: IpPrefix): void {
  if (link.ipv6 === undefined) refuse(attempt, 'EINVAL');
  const address = prefixAddress(prefix);
  const isLoopback = link.body.kind === 'loopback';
  if (setting(link.ipv6, 'disable_ipv6') !== 0) {
    refuse(attempt, 'EACCES', 'ipv6: IPv6 is disabled on this device');
  }
  if (prefixContains(ipv6Multicast, address)) {
    refuse(attempt, 'EADDRNOTAVAIL', 'ipv6: Cannot assign multicast address without "IFA_F_MCAUTOJOIN" flag');
  }
  if (address === '::') refuse(attempt, 'EADDRNOTAVAIL', 'ipv6: Invalid address');
  if (address === '::1' && !isLoopback) {
    refuse(attempt, 'EADDRNOTAVAIL', 'ipv6: Cannot assign loopback address on this device');
  }
}

/** Puts the address on the link, with the routes that come with it. */
export function assign(link: LinkModel, prefix: IpPrefix, flags: AddressFlags, scope: number): void {
  const isIpv4 = ipFamily(prefixAddress(prefix)) === 4;
  const address: AddressModel = {
    prefix,
    scope,
    noDad: flags.noDad ?? false,
    noPrefixRoute: flags.noPrefixRoute ?? false,
    state: isIpv4 || flags.noDad || !detectsDuplicates(link) ? 'usable' : 'tentative',
    secondary:
      isIpv4 && link.addresses.some((other) => !other.secondary && networkOf(other.prefix) === networkOf(prefix)),
  };
  link.addresses.push(address);
  addAddressRoutes(link, address);
}

/** addrconf_dad_begin: accept_dad of the link or of `all` asks for it; the loopback link never does it. */
export function detectsDuplicates(link: LinkModel): boolean {
  const asks = (configuration: Configuration | undefined) => setting(configuration, 'accept_dad') >= 1;
  return link.body.kind !== 'loopback' && (asks(link.ipv6) || asks(link.namespace.ipv6.all));
}

export function removeAddress(attempt: string, namespace: NamespaceModel, index: number, prefix: IpPrefix): void {
  const family = ipFamily(prefixAddress(prefix));
  const link = namespace.links.get(index) ?? refuse(attempt, 'ENODEV', notFound[family]);
  if (family === 6 && link.ipv6 === undefined) refuse(attempt, 'ENXIO', 'ipv6: IPv6 is disabled on this device');
  const address = link.addresses.find((other) => other.prefix === prefix);
  if (!address) refuse(attempt, 'EADDRNOTAVAIL', family === 4 ? 'ipv4: Address not found' : 'ipv6: address not found');
  unassign(link, address);
}

/** The first IPv4 address of a network takes the later ones with it, unless promote_secondaries makes one of them the first. */
export function unassign(link: LinkModel, address: AddressModel): void {
  const followers =
    address.secondary || ipFamily(prefixAddress(address.prefix)) === 6 ? [] : followersOf(link, address);
  const promotes = [link.ipv4, link.namespace.ipv4.all].some((conf) => setting(conf, 'promote_secondaries') !== 0);
  const going = new Set(promotes ? [address] : [address, ...followers]);
  link.addresses = link.addresses.filter((other) => !going.has(other));
  for (const gone of going) removeAddressRoutes(link, gone);
  // fib_inetaddr_event: with its last address, the link gives up IPv4.
  const isIpv4 = (prefix: IpPrefix) => ipFamily(prefixAddress(prefix)) === 4;
  if (isIpv4(address.prefix) && !link.addresses.some(({ prefix }) => isIpv4(prefix))) {
    keepRoutes(link, (route) => route.link !== link || !isIpv4(route.destination));
  }
  if (!promotes) return;
  for (const [position, follower] of followers.entries()) {
    removeAddressRoutes(link, follower);
    follower.secondary = position > 0;
    addAddressRoutes(link, follower);
  }
}

function followersOf(link: LinkModel, { prefix }: AddressModel): AddressModel[] {
  return link.addresses.filter((other) => other.secondary && networkOf(other.prefix) === networkOf(prefix));
}

/** RFC 4291, appendix A: fe80::/64 and the hardware address as a modified EUI-64. */
export function linkLocalPrefix(link: LinkModel): IpPrefix {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = macBytes(link.mac);
  const address = formatIp(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f));
  return ipPrefix(address, 64);
}

function ipv6Scope(address: IpAddress): number {
  if (address === '::1') return RT_SCOPE_HOST;
  if (prefixContains(linkLocal, address)) return RT_SCOPE_LINK;
  return prefixContains(siteLocal, address) ? RT_SCOPE_SITE : RT_SCOPE_UNIVERSE;
}

export function isLinkLocal(address: AddressModel): boolean {
  return ipBytes(prefixAddress(address.prefix)).length === 16 && address.scope === RT_SCOPE_LINK;
}
