import { CniError } from '../cni/error.ts';
import { HostFault } from '../engine/errors.ts';
import { hostInterface } from './interface.ts';
import type { Assignment } from './session.ts';
import { type WitAddress, type WitDns, type WitRoute, witOutcome } from './values.ts';

/** A delegate's error object goes to the guest as it is. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof CniError)) return error;
  const { code, message, details } = error;
  return new HostFault({ code, message, details }, message, { cause: error });
}

/** Runs the network's IPAM plugin. It takes no arguments: it cannot be steered. */
export const delegate = hostInterface(
  'bulkhead:ipam/delegate@0.1.0',
  {
    add: (session) => witAssignment(session.delegate.add()),
    del: (session) => session.delegate.del(),
    check: (session) => session.delegate.check(),
    status: (session) => session.delegate.status(),
  },
  { refusal: failureOf },
);

function witAssignment(assignment: Assignment): {
  addresses: readonly WitAddress[];
  routes: readonly WitRoute[];
  dns: WitDns | undefined;
} {
  const { addresses, routes, dns } = witOutcome({ interfaces: [], ...assignment });
  return { addresses, routes, dns };
}
