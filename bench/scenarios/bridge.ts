import type { ContestantName, Verb } from '../contestants/contestant.ts';
import { bridgeNetwork } from '../network.ts';
import {
  type Arena,
  expectEach,
  measureEach,
  type Participant,
  participantsOf,
  plugins,
  pluginsAndFloor,
  type Scenario,
} from './scenario.ts';

/** A container is connected, looked at, and disconnected. */
export const bridge: Scenario = {
  name: 'bridge',
  expects: ({ rounds }) => [
    ...expectEach('bridge ADD', pluginsAndFloor, rounds),
    ...expectEach('bridge ADD, memory', pluginsAndFloor, rounds, { unit: 'bytes' }),
    ...expectEach('bridge CHECK', plugins, rounds),
    ...expectEach('bridge DEL', pluginsAndFloor, rounds),
  ],

  async run(arena, { rounds }) {
    for (let round = 0; round < rounds; round++) await attachAndDetach(arena, 'bridge', pluginsAndFloor, round);
  },
};

/** The same with `ipMasq`, of which the floor knows nothing. */
export const masquerade: Scenario = {
  name: 'masquerade',
  expects: ({ rounds }) => [
    ...['ADD', 'CHECK', 'DEL'].flatMap((verb) => expectEach(`ipMasq ${verb}`, plugins, rounds)),
    ...expectEach('ipMasq ADD, memory', plugins, rounds, { unit: 'bytes' }),
  ],

  async run(arena, { rounds }) {
    for (let round = 0; round < rounds; round++) await attachAndDetach(arena, 'ipMasq', plugins, round);
  },
};

async function attachAndDetach(arena: Arena, name: string, names: readonly ContestantName[], round: number) {
  const participants = participantsOf(arena, names, round);
  const measure = (verb: Verb, some: readonly Participant[], previous?: ReadonlyMap<string, unknown>) =>
    measureEach(arena, some, { name: `${name} ${verb}` }, ({ contestant, attachment }) => ({
      ...{ type: 'bridge', verb, attachment },
      configuration: bridgeNetwork(contestant, {
        masquerade: name === 'ipMasq',
        previous: previous?.get(contestant.name),
      }),
    }));
  const added = await measure('ADD', participants);
  for (const { contestant, measured } of added)
    arena.samples.add(
      { name: `${name} ADD, memory`, unit: 'bytes', contestant: contestant.name },
      measured.residentKilobytes * 1024,
    );
  const results = new Map(added.map(({ contestant, result }) => [contestant.name as string, result]));
  const checking = participants.filter(({ contestant }) => contestant.isPlugin);
  await measure('CHECK', checking, results);
  await measure('DEL', participants, results);
}
