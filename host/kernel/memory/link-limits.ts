import { type MacAddress, macBytes, parseMac } from '../../net/mac.ts';
import { zeroMac } from './bridges.ts';
import { refuse } from './failure.ts';
import type { LinkBody, WorldModel } from './model.ts';

/** linux/if_ether.h: ETH_MIN_MTU, ETH_MAX_MTU */
const leastMtu = 68;
const greatestMtu = 65535;

/**
 * dev_validate_mtu (net/core/dev.c). The loopback link has no limits. With less than 68 it would give up IPv4 and all its settings,
 * which is not modelled.
 */
export function checkMtu(attempt: string, kind: LinkBody['kind'], mtu: number): void {
  if (!Number.isInteger(mtu) || mtu < 0 || mtu > 0xffff_ffff) refuse(attempt, 'EINVAL');
  // An MTU is an int to the kernel, so the greatest are negative.
  const least = kind === 'loopback' ? 0 : leastMtu;
  if (mtu < least || mtu > 0x7fff_ffff) refuse(attempt, 'EINVAL', 'mtu less than device minimum');
  if (kind === 'loopback') return;
  if (mtu > greatestMtu) refuse(attempt, 'EINVAL', 'mtu greater than device maximum');
}

/** is_valid_ether_addr (linux/etherdevice.h): neither multicast nor all zero; the loopback link may be zero. */
export function checkMac(attempt: string, kind: LinkBody['kind'], mac: MacAddress): void {
  const isMulticast = ((macBytes(mac)[0] ?? 0) & 1) === 1;
  if (isMulticast || (mac === zeroMac && kind !== 'loopback')) refuse(attempt, 'EADDRNOTAVAIL');
}

/** Locally administered, one after the other: the same steps give the same addresses. */
export function drawMac(world: WorldModel): MacAddress {
  world.lastMac += 1;
  const tail = world.lastMac
    .toString(16)
    .padStart(8, '0')
    .replace(/(..)(?=.)/g, '$1:');
  return parseMac(`6e:00:${tail}`) ?? zeroMac;
}
