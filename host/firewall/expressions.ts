import type { Expression, RulesetFamily } from '../kernel/ruleset.ts';
import { ipBytes, ipFamily } from '../net/ip.ts';
import { type IpPrefix, networkOf, prefixAddress, prefixLength } from '../net/prefix.ts';

/** Where the addresses stand in the headers of IPv4 and IPv6 (RFC 791, RFC 8200), in bytes. */
const offsets = { ip: { source: 12, destination: 16 }, ip6: { source: 8, destination: 24 } } as const;

export function familyOf(prefix: IpPrefix): 'ip' | 'ip6' {
  return ipFamily(prefixAddress(prefix)) === 4 ? 'ip' : 'ip6';
}

/**
 * That a packet's address is in the network of the prefix, or not, as iptables-nft and nft write it: the bytes that the length covers
 * where it covers whole ones, else all of them under a mask. Every address is in a network of length 0.
 */
export function matchNetwork(
  which: 'source' | 'destination',
  prefix: IpPrefix,
  operator: 'equal' | 'unequal' = 'equal',
): readonly Expression[] {
  const network = networkOf(prefix);
  const bits = prefixLength(prefix);
  if (bits === 0) return [];
  const bytes = ipBytes(prefixAddress(network));
  const offset = offsets[familyOf(prefix)][which];
  if (bits % 8 === 0) {
    const length = bits / 8;
    return [
      { kind: 'payload', base: 'network', offset, length },
      { kind: 'compare', operator, bytes: hex(bytes.subarray(0, length)) },
    ];
  }
  return [
    { kind: 'payload', base: 'network', offset, length: bytes.length },
    { kind: 'mask', bytes: hex(bytes.map((_, i) => 0xff & ~(0xff >> Math.max(0, Math.min(8, bits - i * 8))))) },
    { kind: 'compare', operator, bytes: hex(bytes) },
  ];
}

/** linux/netfilter.h: NFPROTO_IPV4, NFPROTO_IPV6. In tables of one family there is no need of it. */
const protocols = { ip: '02', ip6: '0a' } as const;

/** That a packet is of the family, in a table of several. */
export function matchFamily(family: 'ip' | 'ip6'): readonly Expression[] {
  return [
    { kind: 'meta', key: 'nfproto' },
    { kind: 'compare', operator: 'equal', bytes: protocols[family] },
  ];
}

export const multicast = { ip: '224.0.0.0/4' as IpPrefix, ip6: 'ff00::/8' as IpPrefix } as const;

/** Whether two rules do the same; what they count does not matter. */
export function doSame(left: readonly Expression[], right: readonly Expression[]): boolean {
  const relevant = (all: readonly Expression[]) => all.filter(({ kind }) => kind !== 'counter' && kind !== 'match');
  return JSON.stringify(relevant(left)) === JSON.stringify(relevant(right));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export type IpRulesetFamily = Extract<RulesetFamily, 'ip' | 'ip6'>;
