import { describe, expect, test } from 'vitest';
import { missingReference, referenceBinaries } from './installation.ts';
import { missingShim, ServedMachine } from './served-machine.ts';

/** Calls of each implementation. Addresses are fewer than what could be held, so that the pool runs full now and then. */
const calls = 1000;
const poolSize = 24;
const atOnce = 6;

describe.skipIf(missingReference)('both implementations in one directory of leases', () => {
  test('never give out an address twice', async () => {
    using machine = new ServedMachine();
    // Its threads, beside processes of the reference; where it cannot be, processes on both sides.
    if (missingShim === undefined) await machine.serve();
    const configuration = {
      ...{ cniVersion: '1.0.0', name: 'shared', type: 'host-local' },
      ipam: {
        ...{ type: 'host-local', dataDir: machine.leases },
        ranges: [[{ subnet: '10.1.0.0/24', rangeStart: '10.1.0.2', rangeEnd: `10.1.0.${poolSize + 1}` }]],
      },
    };
    const netns = machine.container().path;
    const holders = new Map<string, string>();
    const seen = { leased: 0, full: 0, given: new Set<string>() };
    const call = (binaries: string, verb: string, id: string) =>
      machine.start('host-local', { verb, id, netns, ifname: 'eth0' }, configuration, {
        binaries,
      });

    /** One container after the other: each is added; whoever holds more than a few gives the oldest back, through either implementation. */
    async function live(worker: number, mine: string, other: string, budget: { left: number }): Promise<void> {
      const held: [id: string, address: string][] = [];
      const giveBack = async (binaries: string) => {
        const [id, address] = held.shift() ?? ['', ''];
        // From here on it may be somebody else's.
        holders.delete(address);
        const { status, stdout } = await call(binaries, 'DEL', id);
        expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
      };
      for (let round = 0; budget.left > 0; round++) {
        budget.left--;
        const id = `${worker}-${round}`;
        const { status, json } = await call(mine, 'ADD', id);
        if (status === 0) {
          const [{ address }] = json.ips;
          expect(holders.get(address), `${address} for ${id}`).toBeUndefined();
          holders.set(address, id);
          held.push([id, address]);
          seen.leased++;
          seen.given.add(address);
        } else {
          expect(json.msg).toContain('no IP addresses available in range set');
          seen.full++;
        }
        const most = (worker * 3 + round) % 8;
        while (budget.left > 0 && (held.length > most || status !== 0) && held.length > 0) {
          budget.left--;
          await giveBack(round % 2 === 0 ? mine : other);
          if (status !== 0) break;
        }
      }
      while (held.length > 0) await giveBack(mine);
    }

    const both = [machine.binaries, referenceBinaries] as const;
    const budgets = both.map(() => ({ left: calls }));
    await Promise.all(
      Array.from({ length: atOnce }, (_, worker) => {
        const [mine, other] = worker % 2 === 0 ? both : both.toReversed();
        return live(worker, mine as string, other as string, budgets[worker % 2] as { left: number });
      }),
    );
    await machine.end();
    expect(machine.leased('shared')).toEqual([]);
    expect(seen.leased).toBeGreaterThan(calls / 2);
    expect(seen.given.size).toBe(poolSize);
  }, 400_000);
});
