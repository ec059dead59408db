import { Configuration } from 'bulkhead-sdk/configuration';
import { fail } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import { Prefix } from 'bulkhead-sdk/prefix';
import { Call } from 'bulkhead-sdk/plugin';
import { Pool } from './pools';

/** Addresses that were asked for: by CNI_ARGS, by `args` of the configuration, by the runtime; all of them count. */
export class RequestedAddresses {
  private left: Ip[] = [];

  static of(call: Call): RequestedAddresses {
    const requested = new RequestedAddresses();
    const argument = call.arguments(['IP']).get('IP');
    if (argument !== '') requested.add(argument);
    requested.addAll(call.config.object('args').object('cni'));
    requested.addAll(call.config.object('runtimeConfig'));
    return requested;
  }

  /** Takes one that the pool has; null where there is none. */
  takeFrom(pool: Pool): Ip | null {
    for (let i = 0; i < this.left.length; i++) {
      if (pool.rangeOf(this.left[i]) !== null) return this.left.splice(i, 1)[0];
    }
    return null;
  }

  refuseLeftOver(): void {
    if (this.left.length === 0) return;
    fail(`failed to allocate all requested IPs: ${this.left.map<string>((ip) => ip.toString()).join(' ')}`);
  }

  private addAll(source: Configuration): void {
    const texts = source.texts('ips');
    for (let i = 0; i < texts.length; i++) this.add(texts[i]);
  }

  /** `10.1.2.3`, or `10.1.2.3/24`, whose length does not matter. */
  private add(text: string): void {
    if (text === '') fail('cannot understand ip: IP <nil> not v4 nor v6');
    const ip = parseRequested(text);
    if (ip === null) return fail(`invalid IP address ${text}`);
    for (let i = 0; i < this.left.length; i++) if (this.left[i].equals(ip)) return;
    this.left.push(ip);
  }
}

function parseRequested(text: string): Ip | null {
  const prefix = Prefix.parse(text);
  return prefix === null ? Ip.parse(text) : prefix.address;
}
