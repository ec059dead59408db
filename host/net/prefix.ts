import { formatIp, type IpAddress, ipBytes, ipFamily, parseIp } from './ip.ts';

declare const prefixBrand: unique symbol;

/** `address/length` as canonical text. Host bits are kept: 10.1.2.3/24 is an interface address, not a network. */
export type IpPrefix = string & { readonly [prefixBrand]: true };

/** Reads `address/length`. Returns undefined where the text is something else. */
export function parsePrefix(text: string): IpPrefix | undefined {
  const [left, right, ...rest] = text.split('/');
  if (left === undefined || right === undefined || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(right))
    return undefined;
  const address = parseIp(left);
  if (address === undefined || Number(right) > prefixBits(address)) return undefined;
  return `${address}/${right}` as IpPrefix;
}

/** Makes a prefix of its parts. Throws RangeError for a length beyond 32 or 128. */
export function ipPrefix(address: IpAddress, length: number): IpPrefix {
  if (!Number.isInteger(length) || length < 0 || length > prefixBits(address)) {
    throw new RangeError(`prefix length ${length} is out of range for ${address}`);
  }
  return `${address}/${length}` as IpPrefix;
}

export function prefixAddress(prefix: IpPrefix): IpAddress {
  return prefix.slice(0, prefix.indexOf('/')) as IpAddress;
}

export function prefixLength(prefix: IpPrefix): number {
  return Number(prefix.slice(prefix.indexOf('/') + 1));
}

/** The prefix with its host bits cleared: 10.1.2.3/24 gives 10.1.2.0/24. */
export function networkOf(prefix: IpPrefix): IpPrefix {
  const length = prefixLength(prefix);
  const bytes = ipBytes(prefixAddress(prefix)).map((byte, i) => byte & netmaskByte(length, i));
  return ipPrefix(formatIp(bytes), length);
}

/** Whether the address lies in the network of the prefix. False across families. */
export function prefixContains(prefix: IpPrefix, address: IpAddress): boolean {
  const network = prefixAddress(prefix);
  return ipFamily(network) === ipFamily(address) && commonBits(network, address) >= prefixLength(prefix);
}

/** The smallest network with both addresses in it; undefined where they are of two families. */
export function commonNetwork(a: IpAddress, b: IpAddress): IpPrefix | undefined {
  return ipFamily(a) === ipFamily(b) ? networkOf(ipPrefix(a, commonBits(a, b))) : undefined;
}

/** How many bits two addresses of one family have in common at their start. */
function commonBits(a: IpAddress, b: IpAddress): number {
  const [left, right] = [ipBytes(a), ipBytes(b)];
  for (let i = 0; i < left.length; i++) {
    const difference = (left[i] ?? 0) ^ (right[i] ?? 0);
    // Math.clz32 counts from the 32nd bit, of which a byte has the last eight.
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24;
  }
  return left.length * 8;
}

/** The last address of the network: for IPv4 its broadcast address. */
export function lastAddress(prefix: IpPrefix): IpAddress {
  const length = prefixLength(prefix);
  return formatIp(ipBytes(prefixAddress(prefix)).map((byte, i) => byte | (~netmaskByte(length, i) & 0xff)));
}

function prefixBits(address: IpAddress): number {
  return ipFamily(address) === 4 ? 32 : 128;
}

function netmaskByte(length: number, index: number): number {
  const bits = Math.max(0, Math.min(8, length - index * 8));
  return (0xff << (8 - bits)) & 0xff;
}
