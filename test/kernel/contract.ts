import { describe, test } from 'vitest';
import { addressBehaviours } from './contract/addresses.ts';
import { bridgeBehaviours } from './contract/bridges.ts';
import { linkBehaviours } from './contract/links.ts';
import { namespaceBehaviours } from './contract/namespaces.ts';
import { routeBehaviours } from './contract/routes.ts';
import { rulesetBehaviours } from './contract/rulesets.ts';
import { sysctlBehaviours } from './contract/sysctls.ts';
import { togetherBehaviours } from './contract/together.ts';
import { waitBehaviours } from './contract/waits.ts';
import type { World } from './contract/world.ts';

const subjects = {
  namespaces: namespaceBehaviours,
  links: linkBehaviours,
  bridges: bridgeBehaviours,
  addresses: addressBehaviours,
  routes: routeBehaviours,
  sysctls: sysctlBehaviours,
  rulesets: rulesetBehaviours,
  waits: waitBehaviours,
  together: togetherBehaviours,
};

/** What every kernel has to do, each behaviour in a world of its own. */
export function describeContract(makeWorld: () => World): void {
  for (const [subject, behaviours] of Object.entries(subjects)) {
    describe(subject, () => {
      test.for(behaviours)('$name', ({ run, bridgeVlans }, context) => {
        using world = makeWorld();
        if (bridgeVlans && !world.bridgeVlans) context.skip('this kernel has no VLAN filtering');
        run(world);
      });
    });
  }
}
