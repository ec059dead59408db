import { ipField, prefixField } from 'bulkhead-sdk/address-fields';
import { Configuration } from 'bulkhead-sdk/configuration';
import { expect, fail } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import { Prefix } from 'bulkhead-sdk/prefix';
import { Range as LeaseRange } from 'wit/ipam/leases';

/** Addresses of one network, from the first to the last one to give out. */
export class Range {
  private constructor(
    readonly subnet: Prefix,
    readonly gateway: Ip,
    readonly first: Ip,
    readonly last: Ip,
  ) {}

  /** Reads a range and fills in what it leaves out. `where` goes before the reason of a refusal. */
  static read(config: Configuration, where: string): Range {
    const subnet = expect<Prefix>(prefixField(config, 'subnet'), `${where}IP <nil> not v4 nor v6`);
    refuseUnusable(subnet, where);
    const gateway = ipField(config, 'gateway');
    const start = ipField(config, 'rangeStart');
    const end = ipField(config, 'rangeEnd');
    if (start !== null && (!subnet.contains(start) || (end !== null && start.compare(end) > 0))) {
      fail(`${where}RangeStart ${start.toString()} not in network ${subnet.toString()}`);
    }
    const first = start === null ? subnet.network.next() : start;
    if (end !== null && (!subnet.contains(end) || end.compare(first) < 0)) {
      fail(`${where}RangeEnd ${end.toString()} not in network ${subnet.toString()}`);
    }
    const last = end === null ? lastUsable(subnet) : end;
    return new Range(subnet, gateway === null ? subnet.network.next() : gateway, first, last);
  }

  get family(): i32 {
    return this.subnet.family;
  }

  contains(ip: Ip): bool {
    return ip.family === this.family && this.first.compare(ip) <= 0 && ip.compare(this.last) <= 0;
  }

  overlaps(other: Range): bool {
    return this.contains(other.first) || other.contains(this.first);
  }

  toWit(): LeaseRange {
    const range = new LeaseRange();
    range.first = this.first.toWit();
    range.last = this.last.toWit();
    if (this.contains(this.gateway)) range.excluded.push(this.gateway.toWit());
    return range;
  }

  toString(): string {
    return `${this.first.toString()}-${this.last.toString()}`;
  }
}

function refuseUnusable(subnet: Prefix, where: string): void {
  if (subnet.length > subnet.address.bits - 2) {
    fail(`${where}Network ${subnet.toString()} too small to allocate from`);
  }
  if (!subnet.address.equals(subnet.network)) {
    const network = subnet.network.toString();
    const reason = `For a subnet mask of length ${subnet.length} the network address is ${network}`;
    fail(`${where}Network has host bits set. ${reason}`);
  }
}

/** IPv6 has no broadcast address. */
function lastUsable(subnet: Prefix): Ip {
  return subnet.family === 4 ? subnet.last.previous() : subnet.last;
}
