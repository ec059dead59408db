import { fail } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import { Prefix } from 'bulkhead-sdk/prefix';
import { Address } from 'wit/cni/types';

/** An address to give out, with the length of its network. */
export class FixedAddress {
  gateway: Ip | null = null;

  constructor(readonly prefix: Prefix) {}

  /** Out where the text is not like `10.1.2.3/24`; `expectation` says of what that was expected. */
  static parse(text: string, expectation: string): FixedAddress {
    const prefix = Prefix.parse(text);
    return prefix === null
      ? fail<FixedAddress>(`${expectation} in CIDR notation, got: '${text}'`)
      : new FixedAddress(prefix);
  }

  toWit(): Address {
    const address = new Address();
    address.prefix = this.prefix.toWit();
    const gateway = this.gateway;
    if (gateway !== null) address.gateway = gateway.toWit();
    return address;
  }
}
