import { ip, ipFamily } from '../../net/ip.ts';
import { ipPrefix, prefixAddress } from '../../net/prefix.ts';
import { addAddressRoutes, keepRoutes } from './address-routes.ts';
import { assign, detectsDuplicates, isLinkLocal, linkLocalPrefix, unassign } from './addresses.ts';
import { copyConfiguration, setting } from './configuration.ts';
import { hasCarrier } from './link-state.ts';
import {
  type AddressModel,
  everyLink,
  type LinkModel,
  leastIpv6Mtu,
  type RouteModel,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  type WorldModel,
} from './model.ts';

/** NETDEV_UP as net/ipv4/devinet.c and net/ipv6/addrconf.c take it. */
export function bringUp(link: LinkModel): void {
  if (link.up) return;
  link.up = true;
  if (link.body.kind === 'loopback') {
    const localhost = ipPrefix(ip('127.0.0.1'), 8);
    if (!link.addresses.some(({ prefix }) => prefix === localhost)) assign(link, localhost, {}, RT_SCOPE_HOST);
    if (link.mtu >= leastIpv6Mtu) startIpv6(link);
    else stopIpv6(link, keepsAddresses(link));
  }
  for (const address of link.addresses) addAddressRoutes(link, address);
}

/** NETDEV_DOWN: routes go, save those to IPv4 addresses; IPv6 addresses go, save those that keep_addr_on_down keeps. */
export function takeDown(link: LinkModel): void {
  if (!link.up) return;
  link.up = false;
  keepRoutes(link, (route) => route.link !== link || isIpv4Own(route));
  stopIpv6(link, keepsAddresses(link));
}

/**
 * What the kernel does on its own when something has changed: a link that IPv6 sees up with a carrier for the first time gets
 * its link-local address. To be called after every change.
 */
export function settle(world: WorldModel): void {
  for (const { up, controller } of everyLink(world)) {
    if (up && controller?.up && controller.body.kind === 'bridge') controller.body.portsCounted = true;
  }
  for (const link of everyLink(world)) {
    const isSeen = hasCarrier(link) && link.ipv6 !== undefined && setting(link.ipv6, 'disable_ipv6') === 0;
    if (!isSeen || link.ready || link.body.kind === 'loopback') continue;
    link.ready = true;
    const own = linkLocalPrefix(link);
    const has = link.addresses.some(({ prefix }) => prefixAddress(prefix) === prefixAddress(own));
    if (!has && setting(link.ipv6, 'addr_gen_mode') === 0) assign(link, own, {}, RT_SCOPE_LINK);
  }
}

/** disable_ipv6: back to 0 brings the link-local address (of lo, ::1) again, anything else takes all addresses away. */
export function switchIpv6(link: LinkModel, disabled: boolean): void {
  if (disabled) stopIpv6(link, false);
  else if (link.body.kind === 'loopback' && link.up && link.mtu >= leastIpv6Mtu) startIpv6(link);
}

/** IPv6 does not know links with an MTU below 1280: it forgets them with all their sysctls, save the loopback link, and starts anew. */
export function followMtu(link: LinkModel): void {
  if (link.mtu < leastIpv6Mtu) {
    const isLoopback = link.body.kind === 'loopback';
    if (link.ipv6 !== undefined) stopIpv6(link, isLoopback && keepsAddresses(link));
    if (!isLoopback) link.ipv6 = undefined;
    return;
  }
  link.ipv6 ??= copyConfiguration(link.namespace.ipv6.default);
  link.ipv6.values.set('mtu', String(link.mtu));
}

function startIpv6(link: LinkModel): void {
  const has = link.addresses.some(({ prefix }) => prefixAddress(prefix) === '::1');
  const disabled = link.ipv6 === undefined || setting(link.ipv6, 'disable_ipv6') !== 0;
  if (!has && !disabled) assign(link, ipPrefix(ip('::1'), 128), { noDad: true, noPrefixRoute: true }, RT_SCOPE_HOST);
}

function stopIpv6(link: LinkModel, keep: boolean): void {
  link.ready = false;
  for (const address of link.addresses) {
    if (ipFamily(prefixAddress(address.prefix)) === 4) continue;
    if (keep && !isLinkLocal(address)) address.state = nextState(link, address);
    else unassign(link, address);
  }
  keepRoutes(link, (route) => route.link !== link || ipFamily(prefixAddress(route.destination)) === 4);
}

/** A kept address is checked for duplicates again. */
function nextState(link: LinkModel, address: AddressModel): AddressModel['state'] {
  return address.noDad || !detectsDuplicates(link) ? 'usable' : 'tentative';
}

/** addrconf_ifdown: `all` decides, unless it is 0; negative values say no. */
function keepsAddresses(link: LinkModel): boolean {
  const all = setting(link.namespace.ipv6.all, 'keep_addr_on_down');
  return (all === 0 ? setting(link.ipv6, 'keep_addr_on_down') : all) > 0;
}

/** fib_sync_down_dev spares next hops of no scope, which is what routes to the host itself have. */
function isIpv4Own(route: RouteModel): boolean {
  const isIpv4 = ipFamily(prefixAddress(route.destination)) === 4;
  return isIpv4 && route.scope >= RT_SCOPE_HOST && route.gateway === undefined;
}
