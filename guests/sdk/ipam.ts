// What plugins that give out addresses have in common.

import { Configuration } from 'bulkhead-sdk/configuration';
import { ensure } from 'bulkhead-sdk/failure';
import { Call } from 'bulkhead-sdk/plugin';

/** The section that is the IPAM plugin's own. Fails where there is none. */
export function ipamSection(config: Configuration): Configuration {
  ensure(config.has('ipam'), "IPAM config missing 'ipam' key");
  return config.object('ipam');
}

/** Results of version 0.2.0 and before have one address of each family. Takes the family of each address, and fails where they do not fit. */
export function refuseTooMany(call: Call, families: i32[]): void {
  if (!call.singleAddressPerFamily) return;
  for (let family = 4; family <= 6; family += 2) {
    const isOne = families.indexOf(family) === families.lastIndexOf(family);
    ensure(isOne, `CNI version ${call.version} does not support more than 1 address per family`);
  }
}
