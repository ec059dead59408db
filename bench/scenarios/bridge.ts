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

/** What containers are connected to, and by whom. */
interface Network {
  readonly title: string;
  readonly masquerade: boolean;
  readonly names: readonly ContestantName[];
}

const plain: Network = { title: 'bridge', masquerade: false, names: pluginsAndFloor };
/** Of which the floor knows nothing. */
const masqueraded: Network = { title: 'ipMasq', masquerade: true, names: plugins };

/** A container is connected, looked at, and disconnected. */
export const bridge: Scenario = scenarioOf('bridge', plain);
/** The same with `ipMasq`. */
export const masquerade: Scenario = scenarioOf('masquerade', masqueraded);

function scenarioOf(name: string, network: Network): Scenario {
  const { title, names } = network;
  return {
    name,
    expects: ({ rounds }) => [
      ...expectEach(`${title} ADD`, names, rounds),
      ...expectEach(`${title} ADD, memory`, names, rounds, { unit: 'bytes' }),
      ...expectEach(`${title} CHECK`, plugins, rounds),
      ...expectEach(`${title} DEL`, names, rounds),
    ],
    async run(arena, { rounds }) {
      for (let round = 0; round < rounds; round++) await attachAndDetach(arena, network, round);
    },
  };
}

async function attachAndDetach(arena: Arena, { title, masquerade, names }: Network, round: number): Promise<void> {
  const participants = participantsOf(arena, names, round);
  const results = new Map<ContestantName, unknown>();
  const measure = (verb: Verb, some: readonly Participant[]) =>
    measureEach(arena, some, { name: `${title} ${verb}` }, ({ contestant, attachment }) => {
      const previous = results.get(contestant.name);
      return { type: 'bridge', verb, attachment, configuration: bridgeNetwork(contestant, { masquerade, previous }) };
    });
  for (const { contestant, result, measured } of await measure('ADD', participants)) {
    results.set(contestant.name, result);
    const subject = { name: `${title} ADD, memory`, unit: 'bytes', contestant: contestant.name } as const;
    arena.samples.add(subject, measured.residentKilobytes * 1024);
  }
  const checking = participants.filter(({ contestant }) => contestant.isPlugin);
  await measure('CHECK', checking);
  await measure('DEL', participants);
}
