import { Ip } from 'bulkhead-sdk/ip';
import { parseDigits } from 'bulkhead-sdk/ip-text';
import { IpPrefix } from 'wit/net/types';

/** An address with the length of its network: an interface address (10.1.2.3/24), or a network (10.1.2.0/24). */
export class Prefix {
  constructor(
    readonly address: Ip,
    readonly length: i32,
  ) {}

  /**
   * Reads what Go's net.ParseCIDR reads; host bits are kept. Null where the text is something else. IPv4-mapped IPv6 is left out: Go
   * reads its address as IPv4 and its length as of IPv6, which nothing can use.
   */
  static parse(text: string): Prefix | null {
    const slash = text.indexOf('/');
    if (slash < 0) return null;
    const left = text.substring(0, slash);
    const address = Ip.parse(left);
    if (address === null || (address.family === 4 && left.includes(':'))) return null;
    const length = parseDigits(text.substring(slash + 1), 10, 9);
    return length < 0 || length > address.bits ? null : new Prefix(address, length);
  }

  static from(prefix: IpPrefix): Prefix {
    return new Prefix(Ip.from(prefix.address), prefix.length);
  }

  /** 0.0.0.0/0 or ::/0. */
  static everything(family: i32): Prefix {
    return new Prefix(new Ip(family, 0, 0), 0);
  }

  toWit(): IpPrefix {
    const prefix = new IpPrefix();
    prefix.address = this.address.toWit();
    prefix.length = <u8>this.length;
    return prefix;
  }

  get family(): i32 {
    return this.address.family;
  }

  /** The first address of the network: all host bits 0. */
  get network(): Ip {
    const ip = this.address;
    return new Ip(ip.family, ip.high & this.highMask, ip.low & this.lowMask);
  }

  /** The last address of the network: all host bits 1; for IPv4 the broadcast address. */
  get last(): Ip {
    const ip = this.address;
    if (ip.family === 4) return Ip.v4(<u32>ip.low | ~(<u32>this.lowMask));
    return new Ip(6, ip.high | ~this.highMask, ip.low | ~this.lowMask);
  }

  /** The network with its length: 10.1.2.3/24 gives 10.1.2.0/24. */
  get masked(): Prefix {
    return new Prefix(this.network, this.length);
  }

  contains(ip: Ip): bool {
    return ip.family === this.family && new Prefix(ip, this.length).network.equals(this.network);
  }

  overlaps(other: Prefix): bool {
    return this.contains(other.network) || other.contains(this.network);
  }

  equals(other: Prefix): bool {
    return this.length === other.length && this.address.equals(other.address);
  }

  toString(): string {
    return `${this.address.toString()}/${this.length}`;
  }

  private get highMask(): u64 {
    return this.family === 4 ? 0 : ones(min(this.length, 64));
  }

  private get lowMask(): u64 {
    return this.family === 4 ? ones(this.length) >> 32 : ones(max(this.length - 64, 0));
  }
}

/** 64 bits, of which so many from the left are 1. */
function ones(count: i32): u64 {
  return count === 0 ? 0 : u64.MAX_VALUE << (64 - count);
}
