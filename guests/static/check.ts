import { fail } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import { Address } from 'wit/cni/types';

/**
 * Fails where one of the addresses was given with another gateway than wanted. One that was not given is no fault: those of a runtime or
 * of CNI_ARGS need not come again with a CHECK.
 */
export function checkGateways(wanted: Address[], given: Address[], interfaceName: string): void {
  for (let i = 0; i < wanted.length; i++) {
    const ip = Ip.from(wanted[i].prefix.address);
    const same = findAddress(given, ip);
    if (same === null || hasGatewayOf(same, wanted[i])) continue;
    fail(`static: Failed to match addr ${ip.toString()} on interface ${interfaceName}`);
  }
}

/** Null where it is not among them. */
function findAddress(addresses: Address[], ip: Ip): Address | null {
  for (let i = 0; i < addresses.length; i++) if (Ip.from(addresses[i].prefix.address).equals(ip)) return addresses[i];
  return null;
}

/** Any will do where none is wanted. */
function hasGatewayOf(given: Address, wanted: Address): bool {
  const expected = wanted.gateway;
  if (expected === null) return true;
  const actual = given.gateway;
  return actual !== null && Ip.from(actual).equals(Ip.from(expected));
}
