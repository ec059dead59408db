import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { manifestSection } from '../../host/trust/manifest.ts';
import { buildTestGuest } from '../contract/engines.ts';
import { Machine, missing } from './installation.ts';

/** A component that imports what no host of ours offers. */
let foreign: Buffer;
beforeAll(async () => {
  if (missing !== undefined) return;
  const directory = fileURLToPath(new URL('../contract/hostile', import.meta.url));
  foreign = Buffer.from(await buildTestGuest(directory, 'hostile'));
}, 120_000);

const coreModule = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

/** Component-model Binary.md: a custom section is `0`, its size, its name, its contents; sizes in LEB128. */
function withManifest(component: Buffer, manifest: string): Buffer {
  const contents = Buffer.concat([sized(manifestSection), Buffer.from(manifest)]);
  return Buffer.concat([component, Buffer.from([0]), leb128(contents.length), contents]);
}

function sized(text: string): Buffer {
  return Buffer.concat([leb128(text.length), Buffer.from(text)]);
}

function leb128(value: number): Buffer {
  return value < 0x80 ? Buffer.from([value]) : Buffer.from([(value & 0x7f) | 0x80, ...leb128(value >>> 7)]);
}

/** Attaches a container, breaks the plugin, and expects an ADD to fail with the message and a DEL to leave nothing. */
async function expectDetached(breakPlugin: (machine: Machine) => void | Promise<void>, message: RegExp): Promise<void> {
  using machine = new Machine();
  const [first, second] = [machine.container(), machine.container()];
  const configuration = {
    cniVersion: '1.1.0',
    name: 'net',
    type: 'bridge',
    bridge: 'cni0',
    isDefaultGateway: true,
    ipam: { type: 'host-local', dataDir: machine.leases, subnet: '10.1.0.0/24' },
  };
  const call = { id: 'c1', netns: first.path, ifname: 'eth0' };
  const { json: prevResult } = machine.call('bridge', { ...call, verb: 'ADD' }, configuration);
  expect(prevResult.ips).toHaveLength(1);
  await breakPlugin(machine);

  const state = () => [machine.settled(), machine.settled(second.path), machine.leased('net'), machine.records()];
  const before = state();
  const refused = machine.call('bridge', { ...call, id: 'c2', netns: second.path, verb: 'ADD' }, configuration);
  expect(refused).toMatchObject({ status: 1, json: { code: 999, msg: expect.stringMatching(message) } });
  expect(refused.json.msg).toMatch(/bridge/);
  const checked = machine.call('bridge', { ...call, verb: 'CHECK' }, { ...configuration, prevResult });
  expect(checked).toMatchObject({ status: 1, json: { code: 999, msg: expect.stringMatching(message) } });
  expect(`${refused.stdout}${refused.stderr}${checked.stderr}`).not.toMatch(/\n\s+at |node:internal/);
  expect(state()).toEqual(before);

  const removed = machine.call('bridge', { ...call, verb: 'DEL' }, { ...configuration, prevResult });
  expect(removed).toMatchObject({ status: 0, stdout: '' });
  expect(removed.stderr).toMatch(/^bulkhead: warn: DEL goes on without the plugin: /);
  expect(removed.stderr).not.toMatch(/\n\s+at /);
  expect(machine.snapshot(first.path).links.map(({ name }) => name)).toEqual(['lo']);
  expect(machine.snapshot().links.map(({ name }) => name)).toEqual(['cni0', 'lo']);
  expect([machine.leased('net'), machine.records()]).toEqual([[], []]);
}

describe.skipIf(missing)('a plugin file does not run, and its containers are detached all the same, where it', () => {
  test.each<readonly [string, ((whole: Buffer) => Buffer) | undefined, RegExp]>([
    ['is garbage', () => Buffer.from('#!/bin/sh\necho owned\n'), /the release pins sha256:[0-9a-f]{64}$/],
    ['has one byte changed', (whole) => whole.fill((whole[20_000] ?? 0) ^ 1, 20_000, 20_001), /the release pins/],
    [
      'is larger than any plugin',
      (whole) => Buffer.concat([whole, Buffer.alloc(9e6)]),
      /has \d+ bytes, and may have 8388608$/,
    ],
    ['is gone', undefined, /^cannot read plugin .*bridge\.wasm: cannot read .*no such file/],
  ])('%s, as the release has another digest', async (_, change, message) => {
    await expectDetached((machine) => machine.replacePlugin('bridge', change), message);
  });

  test.each<readonly [string, (whole: Buffer) => Buffer, RegExp]>([
    ['is garbage', () => Buffer.from('#!/bin/sh\necho owned\n'), /not WebAssembly$/],
    ['is empty', () => Buffer.alloc(0), /not WebAssembly$/],
    ['was cut in half', (whole) => whole.subarray(0, whole.length / 2), /unexpected end at byte \d+$/],
    ['lacks its last bytes', (whole) => whole.subarray(0, -10), /unexpected end at byte \d+$/],
    ['is a core module', () => coreModule, /a core module or an unknown version, not a component$/],
    ['has no manifest', () => foreign, /has no manifest$/],
    ['has a manifest that is not JSON', () => withManifest(foreign, '{'), /its manifest is not JSON/],
    ['has a manifest that says nothing', () => withManifest(foreign, '{}'), /its manifest: name: /],
  ])('%s, although the release vouches for it', async (_, change, message) => {
    await expectDetached((machine) => {
      machine.replacePlugin('bridge', change);
      machine.pinPlugin('bridge');
    }, message);
  });

  test('imports what the host does not offer', async () => {
    const manifest = { name: 'bridge', version: '1.0.0', types: ['bridge'], description: '' };
    await expectDetached((machine) => {
      machine.replacePlugin('bridge', () => withManifest(foreign, JSON.stringify(manifest)));
      machine.pinPlugin('bridge');
    }, /it imports test:hostile\/host@1\.0\.0, which the host does not offer/);
  });
});

describe.skipIf(missing)('where the index of the plugins is broken', () => {
  test.each([
    ['empty', ''],
    ['half written', '{"plugins":{"bri'],
  ])('(%s) an ADD says so, and a container is detached at the latest when it is mended', (_, text) => {
    using machine = new Machine();
    const { path } = machine.container();
    const call = { id: 'c1', netns: path, ifname: 'eth0' };
    const configuration = {
      cniVersion: '1.1.0',
      name: 'net',
      type: 'bridge',
      ipam: { type: 'host-local', dataDir: machine.leases, subnet: '10.1.0.0/24' },
    };
    expect(machine.call('bridge', { ...call, verb: 'ADD' }, configuration)).toMatchObject({ status: 0 });
    const index = join(machine.release, 'plugins/plugins.json');
    const whole = readFileSync(index, 'utf8');
    writeFileSync(index, text);
    expect(machine.call('bridge', { ...call, id: 'c2', verb: 'ADD' }, configuration)).toMatchObject({
      status: 1,
      json: { code: 999, msg: expect.stringMatching(/^cannot read the index of the plugins, .*plugins\.json: /) },
    });
    // Which of the delegates are ours is not known now: no promise, but nothing may be forgotten.
    const { stderr } = machine.call('bridge', { ...call, verb: 'DEL' }, configuration);
    expect(stderr).not.toMatch(/\n\s+at /);
    writeFileSync(index, whole);
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, configuration)).toMatchObject({ status: 0, stdout: '' });
    expect([machine.leased('net'), machine.records()]).toEqual([[], []]);
    expect(machine.snapshot(path).links.map(({ name }) => name)).toEqual(['lo']);
  });
});
