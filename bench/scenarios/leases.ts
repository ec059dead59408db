import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contestant } from '../contestants/contestant.ts';
import { Samples } from '../figures.ts';
import { run } from '../machine/shell.ts';
import { bridgeNetwork } from '../network.ts';
import { type Arena, among, expectEach, measureEach, participantsOf, plugins, type Scenario } from './scenario.ts';

/** Rounds before those that are measured: Bulkhead reads a directory once that somebody else wrote. */
const ahead = 2;

/** A network with so many leases: host-local by itself, as the bridge plugin executes it. */
export const leases: Scenario = {
  name: 'leases',
  expects: ({ leases: sizes, growthRounds: count }) =>
    sizes.flatMap((size) =>
      ['ADD', 'DEL'].flatMap((verb) => expectEach(`host-local ${verb}`, plugins, count, { size })),
    ),

  async run(arena, { leases: sizes, growthRounds }) {
    for (const size of sizes) {
      for (const contestant of among(arena.contestants, plugins)) writeLeases(contestant, size);
      run('sync', []);
      for (let round = 0; round < ahead; round++) await measureRound(unmeasured(arena), size, round);
      for (let round = 0; round < growthRounds; round++) await measureRound(arena, size, round);
    }
  },
};

async function measureRound(arena: Arena, size: number, round: number): Promise<void> {
  const participants = participantsOf(arena, plugins, round);
  for (const verb of ['ADD', 'DEL'] as const)
    await measureEach(arena, participants, { name: `host-local ${verb}`, size }, ({ contestant, attachment }) => ({
      ...{ type: 'host-local', verb, attachment },
      configuration: bridgeNetwork(contestant, { name: networkOf(size) }),
    }));
}

function unmeasured(arena: Arena): Arena {
  return { ...arena, samples: new Samples() };
}

/** As if the containers of before had got their addresses one after the other. */
function writeLeases({ leases: directory }: Contestant, count: number): void {
  const network = join(directory, networkOf(count));
  mkdirSync(network, { recursive: true });
  for (let i = 0; i < count; i++) writeFileSync(join(network, addressOf(i)), `earlier-${i}\r\neth0`);
  if (count > 0) writeFileSync(join(network, 'last_reserved_ip.0'), addressOf(count - 1));
}

function networkOf(leases: number): string {
  return `with-${leases}-leases`;
}

/** After the network's own address and its gateway's. */
function addressOf(index: number): string {
  return `10.1.${(index + 2) >> 8}.${(index + 2) & 255}`;
}
