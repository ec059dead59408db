import type { Dns, Outcome } from '../cni/outcome.ts';
import { formatIp, type IpAddress, ipBytes, ipFamily } from '../net/ip.ts';
import { formatMac, type MacAddress, macBytes } from '../net/mac.ts';
import { type IpPrefix, ipPrefix, prefixAddress, prefixLength } from '../net/prefix.ts';
import { fault } from './fault.ts';

/** The shapes of `bulkhead:net/types` as they cross, and the way to and from the host's own. */
export type WitIp =
  | { readonly tag: 'ipv4'; readonly val: readonly number[] }
  | { readonly tag: 'ipv6'; readonly val: readonly number[] };

export interface WitPrefix {
  readonly address: WitIp;
  readonly length: number;
}

export type WitMac = readonly number[];

export function witIp(address: IpAddress): WitIp {
  const bytes = ipBytes(address);
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  if (bytes.length === 4) return { tag: 'ipv4', val: [a, b, c, d] };
  const group = (i: number) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0);
  return { tag: 'ipv6', val: [0, 1, 2, 3, 4, 5, 6, 7].map(group) };
}

export function fromWitIp(ip: WitIp): IpAddress {
  if (ip.tag === 'ipv4') return ip.val.join('.') as IpAddress;
  return formatIp(Uint8Array.from(ip.val.flatMap((group) => [group >> 8, group & 0xff])));
}

export function witPrefix(prefix: IpPrefix): WitPrefix {
  return { address: witIp(prefixAddress(prefix)), length: prefixLength(prefix) };
}

/** Throws a fault `invalid-argument` for a length beyond the family's. */
export function fromWitPrefix({ address, length }: WitPrefix): IpPrefix {
  const ip = fromWitIp(address);
  if (length > (ipFamily(ip) === 4 ? 32 : 128))
    throw fault('invalid-argument', `prefix length ${length} is out of range for ${ip}`);
  return ipPrefix(ip, length);
}

export function witMac(mac: MacAddress): WitMac {
  return [...macBytes(mac)];
}

export function fromWitMac(mac: WitMac): MacAddress {
  return formatMac(Uint8Array.from(mac));
}

export interface WitDns {
  readonly nameservers: readonly string[];
  readonly domain?: string | undefined;
  readonly search: readonly string[];
  readonly options: readonly string[];
}

export interface WitAddress {
  readonly prefix: WitPrefix;
  readonly gateway?: WitIp | undefined;
  readonly position?: number | undefined;
}

export interface WitRoute {
  readonly destination: WitPrefix;
  readonly gateway?: WitIp | undefined;
  readonly mtu?: number | undefined;
  readonly advertisedMss?: number | undefined;
  readonly priority?: number | undefined;
  readonly table?: number | undefined;
  readonly scope?: number | undefined;
}

/** `bulkhead:cni/types.outcome`. */
export interface WitOutcome {
  readonly interfaces: Outcome['interfaces'];
  readonly addresses: readonly WitAddress[];
  readonly routes: readonly WitRoute[];
  readonly dns?: WitDns | undefined;
}

export function witOutcome(outcome: Outcome): WitOutcome {
  return {
    interfaces: outcome.interfaces,
    addresses: outcome.addresses.map((one) => ({
      prefix: witPrefix(one.prefix),
      gateway: one.gateway && witIp(one.gateway),
      position: one.position,
    })),
    routes: outcome.routes.map((one) => ({
      ...one,
      destination: witPrefix(one.destination),
      gateway: one.gateway && witIp(one.gateway),
    })),
    dns: outcome.dns && witDns(outcome.dns),
  };
}

export function fromWitOutcome(outcome: WitOutcome): Outcome {
  return {
    interfaces: outcome.interfaces,
    addresses: outcome.addresses.map((one) => ({
      prefix: fromWitPrefix(one.prefix),
      gateway: one.gateway && fromWitIp(one.gateway),
      position: one.position,
    })),
    routes: outcome.routes.map((one) => ({
      ...one,
      destination: fromWitPrefix(one.destination),
      gateway: one.gateway && fromWitIp(one.gateway),
    })),
    dns: outcome.dns,
  };
}

export function witDns(dns: Dns): WitDns {
  return { nameservers: dns.nameservers, domain: dns.domain, search: dns.search, options: dns.options };
}
