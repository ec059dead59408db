import type { LeaseRange, LeaseRequest, Reservation } from '../operations/operation.ts';
import { fault } from './fault.ts';
import { hostInterface } from './interface.ts';
import type { Session } from './session.ts';
import { fromWitIp, type WitIp, witIp } from './values.ts';

interface WitRange {
  readonly first: WitIp;
  readonly last: WitIp;
  readonly excluded: readonly WitIp[];
}

/** Durable leases of this network for this attachment. Which directory, the manifest says. */
export const leases = hostInterface('bulkhead:ipam/leases@0.1.0', {
  reserveNext: (session, pool: number, ranges: readonly WitRange[]) =>
    reserve(session, { pool: checkedPool(pool), ranges: ranges.map(fromWitRange) }),
  reserve: (session, pool: number, address: WitIp) =>
    reserve(session, { pool: checkedPool(pool), ranges: [], address: fromWitIp(address) }),
  held: (session) => session.leases.held(readable(session)).map(witIp),
  release: (session) => session.perform({ kind: 'lease.release', directory: session.leaseDirectory() }),
  isReady(session, ranges: readonly WitRange[]) {
    const directory = readable(session);
    return session.fullPool === 'ready' || session.leases.hasFree(directory, ranges.map(fromWitRange));
  },
});

function reserve(session: Session, what: Omit<LeaseRequest, 'directory'>) {
  return witReservation(session.perform({ kind: 'lease.reserve', directory: session.leaseDirectory(), ...what }));
}

/** Each pool has a file for its cursor: there are as many as a network may have range sets, and not more. */
const mostPools = 256;

function checkedPool(pool: number): number {
  if (pool < mostPools) return pool;
  throw fault('invalid-argument', `pool ${pool} is not one of the ${mostPools} that a network may have`);
}

function readable(session: Session): string {
  const directory = session.leaseDirectory();
  session.require({ kind: 'lease.read', directory });
  return directory;
}

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
