import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectDirectory } from '../../host/cli/project.ts';
import { missingPrivileges } from '../kernel/namespace.ts';
import { Installation } from './installation.ts';
import { knownFailures } from './known.ts';

const referenceBinaries = '/usr/lib/cni';
const missing = missingPrivileges();

interface Report {
  readonly plugins: Readonly<Record<string, readonly string[]>>;
  readonly failed: readonly string[];
  readonly known: readonly string[];
  readonly mended: readonly string[];
  readonly checks: readonly { readonly id: string; readonly outcome: string; readonly seen?: string }[];
}

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-conformance-test-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The whole suite, by the command. Nothing but the known failures may fail, and all of those have to. */
function holdAgainst(binaries: string, known: readonly string[]): Report {
  const file = join(directory, 'known');
  writeFileSync(file, `# for ${binaries}\n${known.join('\n')}\n`);
  const command = join(projectDirectory, 'bin/bulkhead');
  const args = ['conformance', binaries, '--json', '--known', file];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  expect(stderr).toBe('');
  const report = JSON.parse(stdout) as Report;
  const unexpected = report.checks.filter(({ id }) => report.failed.includes(id)).map(({ id, seen }) => [id, seen]);
  expect(unexpected).toEqual([]);
  expect(report.mended).toEqual([]);
  expect(report.known.toSorted()).toEqual(known);
  expect(status).toBe(0);
  return report;
}

describe.skipIf(missing)('the whole suite', () => {
  test('Bulkhead passes all of it', () => {
    using installation = new Installation();
    const report = holdAgainst(installation.binaries, []);
    expect(Object.keys(report.plugins).toSorted()).toEqual(['bridge', 'host-local', 'loopback', 'static']);
    const skipped = report.checks.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id);
    // Some kernels have no VLAN filtering.
    expect(skipped.filter((id) => id !== 'bridge-vlan')).toEqual([]);
  }, 600_000);

  test.skipIf(!existsSync(join(referenceBinaries, 'bridge')))(
    'the reference fails at just what is listed',
    (context) => {
      const versions = spawnSync(join(referenceBinaries, 'bridge'), {
        env: { CNI_COMMAND: 'VERSION' },
        encoding: 'utf8',
        input: '{"cniVersion":"1.0.0"}',
      });
      if (versions.stdout.includes('1.1.0')) context.skip('the list is of 1.1.1');
      holdAgainst(referenceBinaries, knownFailures('Known failures of the reference', '1.1.1'));
    },
    300_000,
  );

  test('nothing is left on the machine', () => {
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`bulkhead-conformance-${process.pid}-`))).toEqual([]);
  });
});
