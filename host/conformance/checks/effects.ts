import type { Ended } from '../bench/call.ts';
import type { World } from '../bench/world.ts';
import { unchanged } from '../expect.ts';

/** Everything that a plugin could have changed: of the host, of a container, of the leases. */
export async function everything(world: World, netns: string): Promise<readonly string[]> {
  const host = await world.host();
  const [outside, inside] = await Promise.all([host.lines(), world.view(netns).lines()]);
  return [
    ...outside.map((line) => `host: ${line}`),
    ...inside.map((line) => `container: ${line}`),
    ...world.leased().map((address) => `lease ${address}`),
  ];
}

/** Does something that must not change anything, by any of the calls that it yields. */
export async function withoutEffect(world: World, netns: string, calls: () => AsyncIterable<Ended>): Promise<void> {
  const before = await everything(world, netns);
  const done: string[] = [];
  for await (const { did } of calls()) done.push(did);
  const more = done.length > 1 ? ` (and ${done.length - 1} more like it)` : '';
  unchanged(`${done[0]}${more}`, before, await everything(world, netns));
}
