import { loopbackNetwork } from '../network.ts';
import { expectEach, measureEach, participantsOf, pluginsAndFloor, type Scenario } from './scenario.ts';

export const loopback: Scenario = {
  name: 'loopback',
  expects: ({ rounds }) =>
    ['loopback ADD', 'loopback DEL'].flatMap((name) => expectEach(name, pluginsAndFloor, rounds)),

  async run(arena, { rounds }) {
    for (let round = 0; round < rounds; round++) {
      const participants = participantsOf(arena, pluginsAndFloor, round, 'lo');
      for (const verb of ['ADD', 'DEL'] as const)
        await measureEach(arena, participants, { name: `loopback ${verb}` }, ({ attachment }) => ({
          ...{ type: 'loopback', verb, attachment, configuration: loopbackNetwork },
        }));
    }
  },
};
