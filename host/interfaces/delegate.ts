import { CniError } from '../cni/error.ts';
import { HostFault } from '../engine/errors.ts';
import { hostInterface } from './interface.ts';
import type { Assignment } from './session.ts';
import { type WitAddress, type WitDns, type WitRoute, witOutcome } from './values.ts';

/** Runs the network's IPAM plugin. It takes no arguments: it cannot be steered. */
export const delegate = hostInterface('bulkhead:ipam/delegate@0.1.0', (session) => ({
  add: () => orFailure(() => witAssignment(session.delegate.add())),
  del: () => orFailure(() => session.delegate.del()),
  check: () => orFailure(() => session.delegate.check()),
  status: () => orFailure(() => session.delegate.status()),
}));

/** A delegate's error object goes to the guest as it is. */
function orFailure<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    const { code, message, details } = error;
    throw new HostFault({ code, message, details }, message, { cause: error });
  }
}

function witAssignment(assignment: Assignment): {
  addresses: readonly WitAddress[];
  routes: readonly WitRoute[];
  dns: WitDns | undefined;
} {
  const { addresses, routes, dns } = witOutcome({ interfaces: [], ...assignment });
  return { addresses, routes, dns };
}
