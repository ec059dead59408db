import type { ContestantName } from '../contestants/contestant.ts';
import { rotated } from '../statistics.ts';
import { Crowd } from './crowd.ts';
import { type Arena, among, expectEach, plugins, pluginsAndFloor, type Scale, type Scenario } from './scenario.ts';

/** A node that starts many containers: how many calls it gets done in a second. */
export const atOnce: Scenario = {
  name: 'at-once',
  expects: (scale) => variantsOf(scale).flatMap(({ title, names }) => expectBoth(title, names, scale)),

  async run(arena, scale) {
    for (const variant of variantsOf(scale))
      for (let turn = 0; turn < scale.batches; turn++) await measureCrowds(arena, variant, turn);
  },
};

interface Variant {
  readonly title: string;
  readonly count: number;
  readonly masquerade: boolean;
  readonly names: readonly ContestantName[];
}

function variantsOf({ atOnce: counts, masqueradedAtOnce: count }: Scale): Variant[] {
  return [
    ...counts.map((one) => ({ ...{ title: `${one} at once`, count: one }, masquerade: false, names: pluginsAndFloor })),
    { ...{ title: `${count} at once, ipMasq`, count }, masquerade: true, names: plugins },
  ];
}

function expectBoth(title: string, names: readonly ContestantName[], { batches }: Scale) {
  return ['ADD', 'DEL'].flatMap((verb) => expectEach(`${title}: ${verb}`, names, batches, { unit: 'calls/s' }));
}

async function measureCrowds(arena: Arena, { title, count, masquerade, names }: Variant, turn: number): Promise<void> {
  for (const contestant of rotated(among(arena.contestants, names), turn)) {
    const crowd = new Crowd(arena, contestant, count, { masquerade });
    const [added, deleted] = [await crowd.add(), await crowd.delete()];
    const subject = { unit: 'calls/s', contestant: contestant.name } as const;
    arena.samples.add({ ...subject, name: `${title}: ADD` }, (count / added.nanoseconds) * 1e9);
    arena.samples.add({ ...subject, name: `${title}: DEL` }, (count / deleted.nanoseconds) * 1e9);
  }
}
