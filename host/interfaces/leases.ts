import type { LeaseRange, Reservation } from '../operations/operation.ts';
import { orFault } from './fault.ts';
import { hostInterface } from './interface.ts';
import { fromWitIp, type WitIp, witIp } from './values.ts';

interface WitRange {
  readonly first: WitIp;
  readonly last: WitIp;
  readonly excluded: readonly WitIp[];
}

/** Durable leases of this network for this attachment. Which directory, the manifest says. */
export const leases = hostInterface('bulkhead:ipam/leases@0.1.0', ({ perform, leases: store, leaseDirectory }) => ({
  reserveNext: (pool: number, ranges: readonly WitRange[]) =>
    orFault(() =>
      witReservation(
        perform({ kind: 'lease.reserve', directory: leaseDirectory(), pool, ranges: ranges.map(fromWitRange) }),
      ),
    ),
  reserve: (pool: number, address: WitIp) =>
    orFault(() =>
      witReservation(
        perform({ kind: 'lease.reserve', directory: leaseDirectory(), pool, ranges: [], address: fromWitIp(address) }),
      ),
    ),
  held: () => orFault(() => store.held(leaseDirectory()).map(witIp)),
  release: () => orFault(() => perform({ kind: 'lease.release', directory: leaseDirectory() })),
  hasFree: (ranges: readonly WitRange[]) => orFault(() => store.hasFree(leaseDirectory(), ranges.map(fromWitRange))),
}));

function fromWitRange({ first, last, excluded }: WitRange): LeaseRange {
  return { first: fromWitIp(first), last: fromWitIp(last), excluded: excluded.map(fromWitIp) };
}

function witReservation(reservation: Reservation): { tag: string; val?: WitIp } {
  switch (reservation.kind) {
    case 'leased':
    case 'held':
      return { tag: reservation.kind, val: witIp(reservation.address) };
    case 'taken':
    case 'exhausted':
      return { tag: reservation.kind };
  }
}
