// What an ADD made, put together.

import { Some } from 'bulkhead-sdk/abi/values';
import { Address, Dns, InterfaceInfo, Outcome, OutcomeRoute } from 'wit/cni/types';

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

/**
 * An outcome under construction. A plugin that works on interfaces starts from what the plugins before it made (CNI specification 1.1.0,
 * section 2, ADD); one that gives out addresses starts from nothing, since its caller adds to that itself.
 */
export class OutcomeBuilder {
  private outcome: Outcome;

  constructor(previous: Outcome | null = null) {
    this.outcome = previous === null ? new Outcome() : previous;
  }

  /** Returns the position of the interface among all. */
  addInterface(info: InterfaceInfo): u32 {
    return <u32>this.outcome.interfaces.push(info) - 1;
  }

  addAddress(address: Address, position: u32): void {
    address.position = new Some<u32>(position);
    this.outcome.addresses.push(address);
  }

  addAddresses(addresses: Address[], position: u32): void {
    for (let i = 0; i < addresses.length; i++) this.addAddress(addresses[i], position);
  }

  /** Of an address that is given out, for another plugin to put on an interface. */
  addUnplacedAddress(address: Address): void {
    this.outcome.addresses.push(address);
  }

  addRoutes(routes: OutcomeRoute[]): void {
    for (let i = 0; i < routes.length; i++) this.outcome.routes.push(routes[i]);
  }

  /** Takes the place of the name servers so far, where there are any. */
  setDns(dns: Dns | null): void {
    if (dns !== null) this.outcome.dns = dns;
  }

  build(): Outcome {
    return this.outcome;
  }
}
