import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingPrivileges } from '../kernel/namespace.ts';
import { Fuzzer } from './fuzzer.ts';
import type { KernelName } from './world.ts';

// The long run is scripts/fuzz.ts.
describe('a hostile plugin', () => {
  let fuzzer: Fuzzer;
  beforeAll(async () => {
    fuzzer = await Fuzzer.open();
  }, 60_000);
  afterAll(() => fuzzer?.[Symbol.dispose]());

  /** The seeds go through all ways to end, both modes and all kinds of delegates. */
  function attack(kernel: KernelName, calls: number, steps: number) {
    const first = fuzzer.engine.total;
    const findings: unknown[] = [];
    for (let seed = 1; fuzzer.engine.total - first < calls; seed++) {
      findings.push(...fuzzer.run({ kernel, mode: seed % 4 === 3 ? 'granted' : 'enforce', seed, steps }));
    }
    return findings;
  }

  test('changes nothing outside of its grant, and the host stays well, on the kernel in memory', () => {
    expect(attack('memory', 20_000, 700)).toEqual([]);
  }, 60_000);

  test.skipIf(missingPrivileges())(
    'nor on the real kernel',
    () => {
      expect(attack('linux', 2000, 250)).toEqual([]);
    },
    60_000,
  );
});
