import { forgetPeak, memoryOf, peakOf } from '../contestants/daemon.ts';
import { Crowd } from './crowd.ts';
import { among, daemons, expectEach, type Scenario } from './scenario.ts';

/** What a daemon holds while nobody calls, and at most while a crowd does. */
export const memory: Scenario = {
  name: 'memory',
  expects: ({ crowd }) =>
    ['memory, idle', `memory, ${crowd} ADDs at once`].flatMap((name) =>
      expectEach(name, daemons, 1, { unit: 'bytes' }),
    ),

  async run(arena, { crowd: count }) {
    for (const contestant of among(arena.contestants, daemons)) {
      const { name, daemon } = contestant;
      if (daemon === undefined) throw new Error(`${name} has no daemon`);
      const subject = { unit: 'bytes', contestant: name } as const;
      arena.samples.add({ ...subject, name: 'memory, idle' }, memoryOf(daemon));
      forgetPeak(daemon);
      const crowd = new Crowd(arena, contestant, count);
      await crowd.add();
      arena.samples.add({ ...subject, name: `memory, ${count} ADDs at once` }, peakOf(daemon));
      await crowd.delete();
    }
  },
};
