import { setTimeout as wait } from 'node:timers/promises';
import type { Contestant } from '../contestants/contestant.ts';
import { cpuNanosecondsOf } from '../contestants/daemon.ts';
import { rotated } from '../statistics.ts';
import { Crowd } from './crowd.ts';
import { type Arena, among, expectEach, pluginsAndFloor, type Scenario } from './scenario.ts';

/** One after the other; what a daemon does after an answer counts as well. */
const calls = 10;

/** How long processors are busy with an ADD, the daemon's included. */
export const processor: Scenario = {
  name: 'cpu',
  expects: ({ batches }) => expectEach('bridge ADD, CPU time', pluginsAndFloor, batches),

  async run(arena, { batches }) {
    for (let turn = 0; turn < batches; turn++)
      for (const contestant of rotated(among(arena.contestants, pluginsAndFloor), turn))
        arena.samples.add(
          { name: 'bridge ADD, CPU time', unit: 'ns', contestant: contestant.name },
          await nanosecondsPerAdd(arena, contestant),
        );
  },
};

async function nanosecondsPerAdd(arena: Arena, contestant: Contestant): Promise<number> {
  const crowd = new Crowd(arena, contestant, calls, { atOnce: 1 });
  const before = await settled(contestant);
  const { answers } = await crowd.add();
  const daemon = (await settled(contestant)) - before;
  await crowd.delete();
  return (daemon + answers.reduce((sum, { measured }) => sum + measured.cpuNanoseconds, 0)) / calls;
}

/** Of the daemon, once it rests. */
async function settled({ daemon }: Contestant): Promise<number> {
  if (daemon === undefined) return 0;
  for (let last = cpuNanosecondsOf(daemon); ; ) {
    await wait(20);
    const now = cpuNanosecondsOf(daemon);
    if (now - last < 1_000_000) return now;
    last = now;
  }
}
