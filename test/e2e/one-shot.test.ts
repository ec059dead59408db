import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layoutOf } from '../../host/cli/layout.ts';
import { oneShotCommand } from '../../host/cli/one-shot-command.ts';
import { projectVersion } from '../../host/cli/project.ts';
import { Machine, missing } from './installation.ts';

let machine: Machine;
beforeAll(() => {
  if (missing === undefined) machine = new Machine();
}, 60_000);
afterAll(() => machine?.[Symbol.dispose]());

const loopback = { cniVersion: '1.0.0', name: 'lo', type: 'loopback' };

/** Attaches and detaches a container. */
function expectToWork(): void {
  const call = { id: 'one', netns: machine.container().path, ifname: 'lo' };
  const added = machine.call('loopback', { ...call, verb: 'ADD' }, loopback);
  expect(added).toMatchObject({ status: 0, stderr: '' });
  expect(added.json.interfaces).toMatchObject([{ name: 'lo', sandbox: call.netns }]);
  expect(machine.call('loopback', { ...call, verb: 'DEL' }, loopback)).toEqual({
    ...{ status: 0, stdout: '', stderr: '', json: undefined },
  });
  expect(machine.records()).toEqual([]);
}

/** Runs the body with the file as `change` leaves it, and puts back what was there. */
function withFile(name: string, change: (path: string) => void, body: () => void): void {
  const path = join(machine.release, name);
  const kept = `${path}.kept`;
  renameSync(path, kept);
  writeFileSync(path, readFileSync(kept));
  try {
    change(path);
    body();
  } finally {
    rmSync(path, { force: true });
    renameSync(kept, path);
  }
}

describe.skipIf(missing)('a call in a process of its own', () => {
  test.each<[string, (path: string) => void]>([
    ['is missing', (path) => rmSync(path)],
    ['is cut off', (path) => truncateSync(path, 1000)],
    ['is empty', (path) => truncateSync(path, 0)],
    ['is something else', (path) => writeFileSync(path, 'no code'.repeat(1000))],
  ])('compiles the host itself where the code %s', (_how, change) => {
    withFile('host.code', change, expectToWork);
  });

  test('goes without wasmtime where that does not fit', () => {
    if (!existsSync(join(machine.release, 'wasmtime.node'))) return;
    withFile('wasmtime.node', (path) => writeFileSync(path, 'no library'), expectToWork);
  });

  test('says in an error object that the host is missing, and answers VERSION without it', () => {
    withFile(
      'host.js',
      (path) => rmSync(path),
      () => {
        const call = { id: 'one', netns: machine.container().path, ifname: 'lo' };
        const { status, json } = machine.call('loopback', { ...call, verb: 'ADD' }, loopback);
        expect(status).toBe(1);
        expect(json).toMatchObject({ code: 999, msg: expect.stringContaining('host.js') });

        const [program, ...args] = oneShotCommand(
          layoutOf(machine.root, projectVersion()),
          projectVersion(),
          'loopback',
        );
        const version = spawnSync(program, args, { env: { CNI_COMMAND: 'VERSION' }, encoding: 'utf8' });
        expect(version).toMatchObject({ status: 0, stderr: '' });
        expect(JSON.parse(version.stdout).supportedVersions).toContain('1.1.0');
      },
    );
  });

  test('sees its own environment and standard input, not those of the install', () => {
    const [program, ...args] = oneShotCommand(layoutOf(machine.root, projectVersion()), projectVersion(), 'loopback');
    const run = (env: Readonly<Record<string, string>>, input: string) =>
      spawnSync(program, args, { env, input, encoding: 'utf8' });
    const environment = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'here', CNI_IFNAME: 'lo', CNI_PATH: machine.binaries };
    expect(
      JSON.parse(run({ ...environment, CNI_NETNS: 'nowhere/of/that/name' }, JSON.stringify(loopback)).stdout).msg,
    ).toContain('nowhere/of/that/name');
    expect(JSON.parse(run(environment, JSON.stringify(loopback)).stdout).msg).toContain('CNI_NETNS');
    const path = machine.container().path;
    expect(JSON.parse(run({ ...environment, CNI_NETNS: path }, '{').stdout)).toMatchObject({ code: 6 });
  });

  test('gives all of a long answer to a slow reader', () => {
    const [program, ...args] = oneShotCommand(layoutOf(machine.root, projectVersion()), projectVersion(), 'loopback');
    const environment = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'here', CNI_IFNAME: 'lo', CNI_PATH: machine.binaries };
    const long = 'x'.repeat(300_000);
    const input = JSON.stringify({ ...loopback, cniVersion: long });
    const slow = ['-c', '"$@" | { sleep 0.5; cat; }', 'sh', program, ...args];
    const { stdout } = spawnSync('/bin/sh', slow, {
      ...{ env: { ...environment, CNI_NETNS: machine.container().path, PATH: '/usr/bin:/bin' }, input },
      ...{ encoding: 'utf8', maxBuffer: 1 << 24 },
    });
    expect(JSON.parse(stdout).code).toBe(1);
    expect(stdout).toContain(long);
  });
});
