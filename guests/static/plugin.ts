// Gives a container the addresses that the configuration or the caller names. Nothing is kept, and nobody looks whether another container
// has them.

import { Configuration } from 'bulkhead-sdk/configuration';
import { dnsField } from 'bulkhead-sdk/dns-field';
import { expect } from 'bulkhead-sdk/failure';
import { ipamSection } from 'bulkhead-sdk/ipam';
import { OutcomeBuilder } from 'bulkhead-sdk/outcome';
import { Call, Plugin } from 'bulkhead-sdk/plugin';
import { routesField } from 'bulkhead-sdk/routes-field';
import { Outcome } from 'wit/cni/types';
import { addressesFor, configuredAddresses } from './addresses';
import { checkGateways } from './check';

class Static extends Plugin {
  add(call: Call): Outcome {
    const ipam = ipamSection(call.config);
    const outcome = new OutcomeBuilder();
    outcome.addRoutes(routesField(ipam, 'routes'));
    outcome.setDns(dnsField(ipam, 'dns'));
    const addresses = addressesFor(call);
    for (let i = 0; i < addresses.length; i++) outcome.addUnplacedAddress(addresses[i].toWit());
    return outcome.build();
  }

  /** What an ADD would give now is held against what it gave. */
  check(call: Call): void {
    const wanted = this.add(call);
    const previous = expect<Outcome>(call.previous, 'Required prevResult missing');
    checkGateways(wanted.addresses, previous.addresses, call.interfaceName);
  }

  /** Addresses may come with the ADD alone. */
  status(config: Configuration): void {
    const ipam = ipamSection(config);
    configuredAddresses(ipam);
    routesField(ipam, 'routes');
    dnsField(ipam, 'dns');
  }
}

export function plugin(): Plugin {
  return new Static();
}
