import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

declare const ipBrand: unique symbol;

/** An IP address as canonical text: dotted decimal, or RFC 5952 for IPv6. Equal addresses are equal strings. */
export type IpAddress = string & { readonly [ipBrand]: true };

/** 4 or 6, as the specification counts IP versions. */
export type IpFamily = 4 | 6;

/**
 * Reads an address: four decimal octets without leading zeros, or any form of RFC 4291 without a zone.
 * Returns undefined where the text is neither. An IPv4-mapped IPv6 address stays an IPv6 address.
 */
export function parseIp(text: string): IpAddress | undefined {
  if (isIPv4(text)) return text as IpAddress;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  return formatIp(Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray()));
}

/** Like parseIp, for texts that must be addresses. Throws TypeError. */
export function ip(text: string): IpAddress {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new TypeError(`not an IP address: ${text}`);
  return parsed;
}

export function ipFamily(address: IpAddress): IpFamily {
  return address.includes(':') ? 6 : 4;
}

/** The address in network byte order: 4 or 16 bytes. */
export function ipBytes(address: IpAddress): Uint8Array {
  return ipFamily(address) === 4 ? octetsOf(address) : Uint8Array.from(bytesOfIpv6(address));
}

/** IPv6 addresses as they were read last: those of a bridge come again with each call. */
const ipv6Bytes = new Map<IpAddress, readonly number[]>();
const ipv6Texts = new Map<string, IpAddress>();
const mostKept = 256;

function bytesOfIpv6(address: IpAddress): readonly number[] {
  return keep(ipv6Bytes, address, () => ipaddr.IPv6.parse(address).toByteArray());
}

function formatIpv6(bytes: Uint8Array): IpAddress {
  const format = () => new ipaddr.IPv6([...bytes]).toRFC5952String() as IpAddress;
  return keep(ipv6Texts, bytes.join(), format);
}

function keep<Key, Value>(kept: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = make();
  if (kept.size >= mostKept) kept.clear();
  kept.set(key, made);
  return made;
}

/** Formats 4 or 16 bytes in network byte order. Throws TypeError for another length. */
export function formatIp(bytes: Uint8Array): IpAddress {
  return formatIpAt(bytes, 0, bytes.length);
}

/** The same for so many bytes in the midst of others. */
export function formatIpAt(bytes: Uint8Array, at: number, length: number): IpAddress {
  if (length === 4) return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}` as IpAddress;
  if (length !== 16) throw new TypeError(`an IP address has 4 or 16 bytes, not ${length}`);
  return formatIpv6(bytes.subarray(at, at + length));
}

/** Of an IPv4 address. */
function octetsOf(address: IpAddress): Uint8Array {
  const octets = new Uint8Array(4);
  let octet = 0;
  let position = 0;
  for (let i = 0; i < address.length; i++) {
    const digit = address.charCodeAt(i) - zero;
    if (digit >= 0) octet = octet * 10 + digit;
    else {
      octets[position++] = octet;
      octet = 0;
    }
  }
  octets[position] = octet;
  return octets;
}

const zero = '0'.charCodeAt(0);
