// What an ADD made, put together.

import { Call } from 'bulkhead-sdk/plugin';
import { Address, Dns, InterfaceInfo, Outcome, OutcomeRoute } from 'wit/cni/types';
import { Some } from 'bulkhead-sdk/abi/values';

/** An interface of the host's. Its hardware address and MTU the host fills in. */
export function hostInterface(name: string): InterfaceInfo {
  const info = new InterfaceInfo();
  info.name = name;
  return info;
}

/** An interface in the container; `sandbox` is the path of its namespace. */
export function sandboxInterface(name: string, sandbox: string): InterfaceInfo {
  const info = hostInterface(name);
  info.sandbox = sandbox;
  return info;
}

/** An outcome under construction, on top of what the plugins before this one made (CNI specification 1.1.0, section 2, ADD). */
export class OutcomeBuilder {
  private outcome: Outcome = new Outcome();

  constructor(call: Call) {
    const previous = call.previous;
    if (previous !== null) this.outcome = previous;
  }

  /** Returns the position of the interface among all. */
  addInterface(info: InterfaceInfo): u32 {
    return <u32>this.outcome.interfaces.push(info) - 1;
  }

  addAddress(address: Address, position: u32): void {
    address.position = new Some<u32>(position);
    this.outcome.addresses.push(address);
  }

  /** Of an address that is given out, for another plugin to put on an interface. */
  addUnplacedAddress(address: Address): void {
    this.outcome.addresses.push(address);
  }

  addRoute(route: OutcomeRoute): void {
    this.outcome.routes.push(route);
  }

  /** Takes the place of the name servers so far. */
  setDns(dns: Dns): void {
    this.outcome.dns = dns;
  }

  build(): Outcome {
    return this.outcome;
  }
}
