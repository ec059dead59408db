import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench } from '../../host/conformance/bench/bench.ts';
import { checks } from '../../host/conformance/catalogue.ts';
import { type Checked, runChecks } from '../../host/conformance/run.ts';
import { missingPrivileges } from '../kernel/namespace.ts';
import { faults } from './faults.ts';
import { Installation } from './installation.ts';

const plant = fileURLToPath(new URL('plant.ts', import.meta.url));
const types = ['loopback', 'bridge', 'host-local', 'static'];
const missing = missingPrivileges();

describe.skipIf(missing)('planted faults', () => {
  let installation: Installation;
  beforeAll(() => {
    installation = new Installation();
  });
  afterAll(() => installation?.[Symbol.dispose]());

  /** A directory with the plugins as they are, except for those that are planted. */
  function directoryWith(name: string, planted: readonly string[]): string {
    const directory = join(installation.directory, `planted-${planted.join('-')}-${name.replace(/\W/g, '-')}`);
    const state = join(directory, 'state');
    mkdirSync(state, { recursive: true });
    writeFileSync(join(state, 'real'), installation.binaries);
    for (const type of types) {
      const path = join(directory, type);
      if (!planted.includes(type)) {
        symlinkSync(join(installation.binaries, type), path);
        continue;
      }
      const quoted = [process.execPath, '--disable-warning=ExperimentalWarning', plant, name, state, type].map(
        (word) => `'${word}'`,
      );
      writeFileSync(path, `#!/bin/sh\nexec ${quoted.join(' ')}\n`);
      chmodSync(path, 0o755);
    }
    return directory;
  }

  async function outcomes(directory: string, ids: readonly string[]): Promise<readonly Checked[]> {
    using bench = await Bench.open({ binaries: directory, limit: 4_000, types });
    const selected = checks().filter(({ id }) => ids.includes(id));
    expect(selected.map(({ id }) => id).toSorted()).toEqual([...new Set(ids)].toSorted());
    return await runChecks(bench, selected, { jobs: 2, known: new Set() });
  }

  test('there are more than twenty', () => {
    expect(new Set(faults.map(({ name }) => name)).size).toBeGreaterThan(20);
  });

  test.each(faults.map((fault) => [fault.type, fault.name, fault] as const))(
    '%s that %s is caught',
    async (type, name, { caughtBy }) => {
      const done = await outcomes(directoryWith(name, [type]), caughtBy);
      for (const { check, outcome } of done) expect([check.id, outcome.kind]).toEqual([check.id, 'failed']);
    },
    120_000,
  );

  test('the same plugins without a fault pass all of these checks', async () => {
    const done = await outcomes(
      directoryWith('none', types),
      faults.flatMap(({ caughtBy }) => caughtBy),
    );
    expect(done.flatMap(({ check, outcome }) => (outcome.kind === 'passed' ? [] : [[check.id, outcome]]))).toEqual([]);
  }, 300_000);
});
