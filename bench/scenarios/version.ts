import { contestantNames } from '../contestants/contestant.ts';
import { rotated } from '../statistics.ts';
import { expectEach, measureEach, type Scenario } from './scenario.ts';

/** The least that a plugin is asked. A program that does nothing takes part: what it takes is the driver's own cost. */
export const version: Scenario = {
  name: 'version',
  expects: ({ rounds }) => expectEach('VERSION', contestantNames, rounds),

  async run(arena, { rounds }) {
    for (let round = 0; round < rounds; round++) {
      const participants = rotated(arena.contestants, round).map((contestant) => ({ contestant }));
      await measureEach(arena, participants, { name: 'VERSION' }, () => ({ type: 'bridge', verb: 'VERSION' }));
    }
  },
};
