import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectDirectory } from '../../host/cli/project.ts';
import { missingPrivileges } from '../kernel/namespace.ts';

const command = join(projectDirectory, 'bin/bulkhead');
const missing = missingPrivileges();

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-conformance-test-'));
  plugin('loopback', `printf '%s' '{"cniVersion":"0.3.1","supportedVersions":["0.4.0","1.0.0"]}'`);
  plugin('slow', 'sleep 30');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A plugin that is a shell script. */
function plugin(type: string, script: string): void {
  writeFileSync(join(directory, type), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, type), 0o755);
}

function conformance(...args: readonly string[]) {
  return spawnSync(command, ['conformance', ...args], { encoding: 'utf8', maxBuffer: 64 << 20 });
}

const good = 'loopback-version-lists-versions';
const bad = 'loopback-version-has-cniversion';

describe('the exit status', () => {
  test.each([
    ['0 where all pass', 0, ['--only', good]],
    ['1 where one fails', 1, ['--only', `${good},${bad}`]],
    ['2 for an unknown option', 2, ['--no-such-option']],
    ['2 for a pattern that matches nothing', 2, ['--only', 'x-*']],
    ['2 for a plugin that is not there', 2, ['--plugin', 'macvlan']],
    ['2 for a configuration without its plugin', 2, ['--config', '/dev/null']],
    ['2 for a list that is not there', 2, ['--known', '/nonexistent']],
    ['2 for a time that is none', 2, ['--timeout', 'long']],
  ] as const)('is %s', (_, status, args) => {
    expect(conformance(directory, ...args).status).toBe(status);
  });

  test('is 2 without a directory, and for one that is none', () => {
    expect([conformance().status, conformance('/nonexistent').status]).toEqual([2, 2]);
  });
});

describe('a report', () => {
  test('tells what was done, expected and seen, and the sentence', () => {
    const { stdout } = conformance(directory, '--only', `${good},${bad}`);
    expect(stdout).toMatch(/^passed {2}loopback-version-lists-versions /m);
    expect(stdout).toMatch(/^FAILED {2}loopback-version-has-cniversion /m);
    expect(stdout).toMatch(/^ {2}done {6}CNI_COMMAND=VERSION .*loopback <<< '\{"cniVersion":"0\.4\.0"\}'$/m);
    expect(stdout).toMatch(/^ {2}expected {2}cniVersion 0\.4\.0, or 1\.0\.0$/m);
    expect(stdout).toMatch(/^ {2}seen {6}exit status 0, stdout /m);
    expect(stdout).toContain('“`cniVersion`: The value of `cniVersion` specified on input”');
    expect(stdout).toContain('CNI specification 1.1.0, section 5, VERSION Success');
    expect(stdout.trimEnd()).toMatch(/1 passed, 1 failed, 0 skipped$/);
  });

  test('as TAP has a plan, a line for each check, and a diagnostic', () => {
    const { stdout } = conformance(directory, '--tap', '--only', `${good},${bad}`);
    const lines = stdout.split('\n');
    expect(lines.slice(0, 2)).toEqual(['TAP version 14', '1..2']);
    expect(lines[2]).toMatch(/^ok 1 - loopback-version-lists-versions: /);
    expect(lines[3]).toMatch(/^not ok 2 - loopback-version-has-cniversion: /);
    expect(lines[4]).toBe('  ---');
    expect(stdout).toContain('  expected: "cniVersion 0.4.0, or 1.0.0"\n');
  });

  test('as JSON has everything', () => {
    const { stdout } = conformance(directory, '--json', '--only', bad);
    expect(JSON.parse(stdout)).toMatchObject({
      directory,
      plugins: { loopback: ['0.4.0', '1.0.0'] },
      failed: [bad],
      checks: [{ id: bad, outcome: 'failed', expected: 'cniVersion 0.4.0, or 1.0.0', source: expect.any(String) }],
    });
  });

  test('says which known failures fail, and which pass; neither fails the run', () => {
    const known = join(directory, 'known.txt');
    writeFileSync(known, `# known\n${bad} # as ever\n\n${good}\n`);
    const { status, stdout } = conformance(directory, '--known', known, '--only', `${good},${bad}`);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^known {3}loopback-version-has-cniversion /m);
    expect(stdout).toContain(`${good} is a known failure, and passes: take it off the list`);
    expect(stdout.trimEnd()).toMatch(/1 passed, 0 failed, 1 known failures, 0 skipped$/);
    expect(conformance(directory, '--tap', '--known', known, '--only', bad).stdout).toContain('# TODO known failure');
  });

  test('says why a check was skipped', () => {
    const { status, stdout } = conformance(directory, '--only', 'bridge-mtu,loopback-gc-keeps-valid');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^skipped {2}bridge-mtu +there is no bridge$/m);
    expect(stdout).toMatch(/^skipped {2}loopback-gc-keeps-valid +loopback does not support 1\.1\.0$/m);
  });

  test('lists the checks without running any, each with an id of its own', () => {
    const { status, stdout } = conformance('--list');
    const ids = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0]);
    expect(status).toBe(0);
    expect(ids.length).toBeGreaterThan(350);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id ?? ''))).toEqual([]);
  });
});

describe('other plugins', () => {
  test('are checked by name', () => {
    const own = mkdtempSync(join(tmpdir(), 'bulkhead-conformance-test-'));
    symlinkSync(join(directory, 'loopback'), join(own, 'ptp'));
    const { stdout } = conformance(own, '--plugin', 'ptp', '--only', '*version-*');
    rmSync(own, { recursive: true });
    expect(stdout).toMatch(/^passed {2}ptp-version-lists-versions /m);
    expect(stdout).not.toContain('loopback');
  });

  test.skipIf(missing)('that take too long are killed, and that is a failure', () => {
    const { status, stdout } = conformance(
      directory,
      '--plugin',
      'slow',
      '--timeout',
      '0.3',
      '--only',
      'slow-version-lists-versions',
    );
    expect(status).toBe(1);
    expect(stdout).toContain('seen      no end in time');
  });
});

test.skipIf(missing)(
  'an interrupted run ends at once, and leaves nothing',
  async () => {
    const child = spawn(command, ['conformance', directory, '--plugin', 'slow', '--timeout', '20'], {
      stdio: 'ignore',
    });
    const mine = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`bulkhead-conformance-${child.pid}-`));
    await expect.poll(() => mine().length, { timeout: 20_000 }).toBe(1);
    // It is in the first call now, or about to make it.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(mine()).toEqual([]);
  },
  40_000,
);
