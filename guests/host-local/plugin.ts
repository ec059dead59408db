// Gives a container one address of each range set. Who has which address is kept in files, by the host.

import { codes, ensure, orFail } from 'bulkhead-sdk/failure';
import { Configuration } from 'bulkhead-sdk/configuration';
import { refuseTooMany } from 'bulkhead-sdk/ipam';
import { OutcomeBuilder } from 'bulkhead-sdk/outcome';
import { Call, Plugin } from 'bulkhead-sdk/plugin';
import { routesField } from 'bulkhead-sdk/routes-field';
import { Outcome } from 'wit/cni/types';
import { Range, held, isReady as isReadyFor, release } from 'wit/ipam/leases';
import { read } from 'wit/ipam/resolver';
import { allocate } from './allocation';
import { Pool, readPools } from './pools';
import { RequestedAddresses } from './requested';

class HostLocal extends Plugin {
  add(call: Call): Outcome {
    const requested = RequestedAddresses.of(call);
    const pools = readPools(call.config);
    ensure(pools.length > 0, 'no IP ranges specified');
    const families = pools.map<i32>((pool) => pool.family);
    refuseTooMany(call, families);

    const ipam = call.config.object('ipam');
    // The host reads it, and takes the default for what is not text: leases would end where nobody looks for them.
    ipam.text('dataDir');
    const outcome = new OutcomeBuilder();
    outcome.addRoutes(routesField(ipam, 'routes'));
    const resolvConf = ipam.text('resolvConf');
    if (resolvConf !== '') outcome.setDns(orFail(read(resolvConf), `failed to read ${resolvConf}`));
    for (let i = 0; i < pools.length; i++) {
      outcome.addUnplacedAddress(allocate(call.containerId, i, pools[i], requested.takeFrom(pools[i])));
    }
    requested.refuseLeftOver();
    return outcome.build();
  }

  /** Needs no valid configuration: what the container has is on record. */
  del(_call: Call): void {
    orFail(release(), 'failed to release the addresses');
  }

  check(call: Call): void {
    const addresses = orFail(held(), 'failed to read the leases');
    ensure(addresses.length > 0, `host-local: Failed to find address added by container ${call.containerId}`);
  }

  /** Ranges may come with the ADD alone, in runtimeConfig. */
  status(config: Configuration): void {
    const pools = readPools(config);
    for (let i = 0; i < pools.length; i++) refuseFull(i, pools[i]);
    routesField(config.object('ipam'), 'routes');
  }
}

function refuseFull(index: u32, pool: Pool): void {
  const ranges = pool.ranges.map<Range>((range) => range.toWit());
  const isReady = orFail(isReadyFor(ranges), `failed to look at the leases of range set ${index}`);
  ensure(isReady, `no IP addresses available in range set: ${pool.toString()}`, codes.notAvailable);
}

export function plugin(): Plugin {
  return new HostLocal();
}
