import { expect, test } from 'vitest';
import { HostFault } from '../../../host/engine/errors.ts';
import { leases } from '../../../host/interfaces/leases.ts';
import type { Session } from '../../../host/interfaces/session.ts';
import type { Operation } from '../../../host/operations/operation.ts';

/** What a plugin can call, and the operations that come of it. */
function bound() {
  const performed: Operation[] = [];
  const session: Partial<Session> = {
    leaseDirectory: () => '/leases/net',
    perform: ((operation: Operation) => {
      performed.push(operation);
      return { kind: 'exhausted' };
    }) as Session['perform'],
  };
  const { reserve, reserveNext } = leases.functions;
  const address = { tag: 'ipv4', val: [10, 0, 0, 2] };
  const range = { first: address, last: address, excluded: [] };
  return {
    performed,
    calls: {
      reserve: (pool: number) => reserve?.(session as Session, pool, address),
      'reserve-next': (pool: number) => reserveNext?.(session as Session, pool, [range]),
    },
  };
}

// Each pool has a file of its own in the directory.
test.each(['reserve', 'reserve-next'] as const)('%s knows 256 pools, and no others', (name) => {
  const { performed, calls } = bound();
  for (const pool of [0, 255]) expect(calls[name](pool)).toEqual({ tag: 'exhausted' });
  expect(performed).toMatchObject([{ kind: 'lease.reserve', pool: 0 }, { pool: 255 }]);
  for (const pool of [256, 257, 65_536, 0xffff_ffff]) {
    expect(() => calls[name](pool)).toThrow(HostFault);
    expect(() => calls[name](pool)).toThrow(
      expect.objectContaining({ payload: expect.objectContaining({ code: 'invalid-argument' }) }),
    );
  }
  expect(performed).toHaveLength(2);
});
