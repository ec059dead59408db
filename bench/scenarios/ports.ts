import { setTimeout as wait } from 'node:timers/promises';
import type { Contestant } from '../contestants/contestant.ts';
import { runIn } from '../machine/shell.ts';
import { bridgeName, bridgeNetwork } from '../network.ts';
import {
  type Arena,
  among,
  expectEach,
  measureEach,
  participantsOf,
  pluginsAndFloor,
  type Scenario,
} from './scenario.ts';

/** Of the links that are added here, so that they can be removed in one step. */
const group = '7';

/** A node with so many containers on its bridge. */
export const ports: Scenario = {
  name: 'ports',
  expects: ({ ports: sizes, growthRounds: count }) =>
    sizes.flatMap((size) =>
      ['ADD', 'DEL'].flatMap((verb) => expectEach(`bridge ${verb} by ports`, pluginsAndFloor, count, { size })),
    ),

  async run(arena, { ports: sizes, growthRounds, rest }) {
    const nodes = among(arena.contestants, pluginsAndFloor).map((contestant) => nodeOf(contestant, arena));
    for (const [i, size] of sizes.entries()) {
      for (const node of nodes) addPorts(node, sizes[i - 1] ?? 0, size);
      await wait(rest);
      for (let round = 0; round < growthRounds; round++) await measureRound(arena, size, round);
    }
    for (const { path } of nodes) runIn(path, 'ip', ['link', 'delete', 'group', group]);
  },
};

/** Each disconnects its container before the next one's turn: what a new port says is heard at all others, which takes the kernel a while. */
async function measureRound(arena: Arena, size: number, round: number): Promise<void> {
  for (const participant of participantsOf(arena, pluginsAndFloor, round))
    for (const verb of ['ADD', 'DEL'] as const)
      await measureEach(
        arena,
        [participant],
        { name: `bridge ${verb} by ports`, size },
        ({ contestant, attachment }) => ({
          ...{ type: 'bridge', verb, attachment, configuration: bridgeNetwork(contestant) },
        }),
      );
}

/** A node, and where the other ends of its ports are: one namespace stands for all containers. */
interface Node {
  readonly path: string;
  readonly containers: string;
  readonly containersPath: string;
}

function nodeOf({ name, node }: Contestant, { namespaces }: Arena): Node {
  const containers = `containers-of-${name.replaceAll(' ', '-')}`;
  const containersPath = namespaces.node(containers);
  // Hundreds of containers that start at one moment would talk to each other for minutes.
  runIn(containersPath, 'sh', ['-c', 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6']);
  return { path: node, containers, containersPath };
}

function addPorts({ path, containers, containersPath }: Node, from: number, to: number): void {
  const numbers = Array.from({ length: to - from }, (_, i) => from + i);
  const batch = (namespace: string, commands: readonly string[]) =>
    runIn(namespace, 'ip', ['-batch', '-'], commands.join('\n'));
  batch(
    path,
    numbers.map((number) => {
      const port = `port${number} group ${group} master ${bridgeName} up`;
      return `link add ${port} type veth peer name end${number} netns ${containers}`;
    }),
  );
  batch(
    containersPath,
    numbers.map((number) => `link set end${number} up`),
  );
}
