import type { Contestant } from '../contestants/contestant.ts';
import { runIn } from '../machine/shell.ts';
import { Crowd } from './crowd.ts';
import type { Arena, Scale } from './scenario.ts';

/** So many at once that every thread of a daemon gets its share. */
const atOnce = 16;

/** Calls that nobody measures: code becomes fast, bridges come about. */
export async function warmUp(arena: Arena, { warmUp: wanted }: Scale): Promise<void> {
  for (const contestant of arena.contestants.filter(({ name }) => name !== 'nothing')) {
    await lookClosely(arena, contestant);
    const count = contestant.daemon === undefined ? 2 : wanted;
    for (let done = 0; done < count; done += atOnce)
      await attachSome(arena, contestant, Math.min(atOnce, count - done));
  }
}

async function attachSome(arena: Arena, contestant: Contestant, count: number): Promise<void> {
  for (const masquerade of contestant.isPlugin ? [false, true] : [false]) {
    const crowd = new Crowd(arena, contestant, count, { masquerade });
    await crowd.add();
    if (contestant.isPlugin) await crowd.check();
    await crowd.delete();
  }
}

/** What an ADD tells has to be in the container, and be gone after the DEL. */
async function lookClosely(arena: Arena, contestant: Contestant): Promise<void> {
  const crowd = new Crowd(arena, contestant, 1);
  const { answers } = await crowd.add();
  const { attachment, result } = answers[0] ?? {};
  const [{ address } = {}] = (result as { readonly ips: readonly { readonly address?: string }[] }).ips;
  const shown = () => runIn(attachment?.netns ?? '', 'ip', ['-oneline', 'address', 'show']);
  if (!shown().includes(`eth0    inet ${address} `))
    throw new Error(`${contestant.name} did not add ${address}: ${shown()}`);
  await crowd.delete();
  if (shown().includes('eth0')) throw new Error(`${contestant.name} did not remove the interface: ${shown()}`);
}
