import { parseV4, parseV6 } from 'bulkhead-sdk/ip-text';
import { Tuple4, Tuple8 } from 'bulkhead-sdk/abi/values';
import { IpAddress, IpAddressTag } from 'wit/net/types';

/** An IP address as a number of 32 or 128 bits. */
export class Ip {
  constructor(
    /** 4 or 6. */
    readonly family: i32,
    readonly high: u64,
    readonly low: u64,
  ) {}

  static v4(bits: u32): Ip {
    return new Ip(4, 0, bits);
  }

  /**
   * Reads what Go's net.ParseIP reads: four decimal octets without leading zeros, or any form of RFC 4291 without a zone; an
   * IPv4-mapped IPv6 address is the IPv4 address. Null where the text is something else.
   */
  static parse(text: string): Ip | null {
    const bits = parseV4(text);
    if (bits >= 0) return Ip.v4(<u32>bits);
    const groups = parseV6(text);
    if (groups === null) return null;
    const ip = Ip.ofGroups(groups);
    return ip.isMapped ? Ip.v4(<u32>ip.low) : ip;
  }

  static from(address: IpAddress): Ip {
    if (address.tag === IpAddressTag.Ipv4) {
      const v4 = address.ipv4;
      return Ip.v4(((<u32>v4._0) << 24) | ((<u32>v4._1) << 16) | ((<u32>v4._2) << 8) | v4._3);
    }
    const v6 = address.ipv6;
    return Ip.ofGroups([v6._0, v6._1, v6._2, v6._3, v6._4, v6._5, v6._6, v6._7]);
  }

  private static ofGroups(groups: u16[]): Ip {
    let high: u64 = 0;
    let low: u64 = 0;
    for (let i = 0; i < 4; i++) {
      high = (high << 16) | groups[i];
      low = (low << 16) | groups[i + 4];
    }
    return new Ip(6, high, low);
  }

  /** 32 or 128. */
  get bits(): i32 {
    return this.family === 4 ? 32 : 128;
  }

  private get isMapped(): bool {
    return this.high === 0 && this.low >> 32 === 0xffff;
  }

  /** The eight groups of an IPv6 address. */
  groups(): u16[] {
    const groups: u16[] = [];
    for (let shift = 48; shift >= 0; shift -= 16) groups.push(<u16>(this.high >> shift));
    for (let shift = 48; shift >= 0; shift -= 16) groups.push(<u16>(this.low >> shift));
    return groups;
  }

  toWit(): IpAddress {
    if (this.family === 4) {
      const v4 = <u32>this.low;
      return IpAddress.ipv4(new Tuple4<u8, u8, u8, u8>(<u8>(v4 >> 24), <u8>(v4 >> 16), <u8>(v4 >> 8), <u8>v4));
    }
    const g = this.groups();
    return IpAddress.ipv6(
      new Tuple8<u16, u16, u16, u16, u16, u16, u16, u16>(g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7]),
    );
  }

  /** The address so many further on; wraps round at the end of the family. */
  offset(by: i64): Ip {
    const low = this.low + <u64>by;
    if (this.family === 4) return Ip.v4(<u32>low);
    const carry: u64 = low < this.low ? 1 : 0;
    return new Ip(6, this.high + carry - (by < 0 ? 1 : 0), low);
  }

  next(): Ip {
    return this.offset(1);
  }

  previous(): Ip {
    return this.offset(-1);
  }

  /** Less than, equal to or greater than 0, as the number; IPv4 before IPv6. */
  compare(other: Ip): i32 {
    if (this.family !== other.family) return this.family - other.family;
    if (this.high !== other.high) return this.high < other.high ? -1 : 1;
    if (this.low !== other.low) return this.low < other.low ? -1 : 1;
    return 0;
  }

  equals(other: Ip): bool {
    return this.compare(other) === 0;
  }

  /** 127.0.0.0/8 or ::1. */
  get isLoopback(): bool {
    if (this.family === 4) return this.low >> 24 === 127;
    return this.high === 0 && this.low === 1;
  }

  /** Dotted decimal, or RFC 5952. */
  toString(): string {
    if (this.family === 6) return formatV6(this.groups());
    const v4 = <u32>this.low;
    return `${v4 >> 24}.${(v4 >> 16) & 255}.${(v4 >> 8) & 255}.${v4 & 255}`;
  }
}

/** RFC 5952: the first of the longest runs of at least two zero groups becomes `::`. */
function formatV6(groups: u16[]): string {
  let start = -1;
  let length = 1;
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && groups[to] === 0) to++;
    if (to - from > length) {
      start = from;
      length = to - from;
    }
  }
  let text = '';
  for (let i = 0; i < 8; i++) {
    if (i === start) {
      text += '::';
      i += length - 1;
      continue;
    }
    if (text !== '' && !text.endsWith(':')) text += ':';
    text += groups[i].toString(16);
  }
  return text;
}
