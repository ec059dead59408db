import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KernelError } from '../../../host/kernel/errors.ts';
import { errnoName } from '../../../host/system/errno.ts';
import type { World } from '../../kernel/contract/world.ts';
import { makeVeth } from '../../kernel/contract/world.ts';
import { makeLinuxWorld } from '../../kernel/linux-world.ts';
import { makeMemoryWorld } from '../../model/memory-world.ts';

interface Step {
  readonly how: 'addPortVlans' | 'removePortVlans';
  readonly first: number;
  readonly length: number;
  readonly pvid: boolean;
  readonly untagged: boolean;
}

/** Few, so that they meet, and beyond both ends of what there is. */
const id = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 4092, 4093, 4094, 4095);
const step: fc.Arbitrary<Step> = fc.record({
  how: fc.constantFrom('addPortVlans', 'addPortVlans', 'removePortVlans'),
  first: id,
  length: fc.constantFrom(1, 1, 1, 2, 3, 5, 0, -1),
  pvid: fc.boolean(),
  untagged: fc.boolean(),
});

const milliseconds = 5_000;

test('the kernel and the model agree on the VLANs of ports, whatever is done to them', {
  timeout: milliseconds * 6,
}, () => {
  using linux = makeLinuxWorld();
  using memory = makeMemoryWorld();
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
    const lives = [linux, memory].map((world) => live(world, steps));
    for (const [at, step] of steps.entries())
      expect({ at, step, ended: lives[1]?.[at] }).toEqual({ at, step, ended: lives[0]?.[at] });
  });
  fc.assert(property, { numRuns: 200, interruptAfterTimeLimit: milliseconds });
});

/** How each step ended, and the port's VLANs after it. */
function live(world: World, steps: readonly Step[]): readonly unknown[] {
  const { host } = world;
  const bridge = host.createLink({ name: 'cni0', plan: { kind: 'bridge', vlanFiltering: true } });
  const { port } = makeVeth(world);
  host.changeLink(port, { controller: bridge.index });
  try {
    return steps.map(({ how, first, length, pvid, untagged }) => {
      const ranges = length === 0 ? [] : [{ first, last: first + length - 1, pvid, untagged }];
      const ended = outcome(() => host[how](port, ranges));
      return { ended, vlans: host.bridgePort(port)?.vlans };
    });
  } finally {
    host.removeLink(port);
    host.removeLink(bridge.index);
  }
}

function outcome(action: () => void): string {
  try {
    action();
    return 'done';
  } catch (error) {
    if (error instanceof KernelError) return errnoName(error.errno);
    throw error;
  }
}
