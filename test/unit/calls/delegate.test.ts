import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { check } from '../../../host/calls/check.ts';
import { findPlugin } from '../../../host/calls/find-plugin.ts';
import { attachmentOf, type PluginCall } from '../../../host/calls/plugin-call.ts';
import { status } from '../../../host/calls/status.ts';
import { decodeCall } from '../../../host/cni/call.ts';
import { decodeEnvironment } from '../../../host/cni/environment.ts';
import { RecordStore } from '../../../host/records/store.ts';
import { Deadline } from '../../../host/system/deadline.ts';
import { LockTimeout } from '../../../host/system/flock.ts';
import { type Bench, makeBench, mtuIn, network, sandboxPath } from './bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
}, 120_000);
afterEach(() => bench[Symbol.dispose]());

const leased = { add: ['lease 10.1.0.2'] };
/** What the plugins said. */
const said = () => bench.test.logged.filter((line) => line.startsWith('info: ')).map((line) => line.slice(6));

describe('a delegate', () => {
  test('gives its address, and takes it back with the attachment', () => {
    expect(bench.call('ADD', { outer: { add: ['delegate.add', 'claim 10.1.0.2/24'] }, inner: leased })).toMatchObject({
      json: { ips: [{ address: '10.1.0.2/24' }] },
    });
    expect([bench.leases(), bench.records()]).toEqual([['10.1.0.2'], 2]);
    expect(bench.call('DEL', {})).toMatchObject({ exitCode: 0 });
    expect([bench.leases(), bench.records()]).toEqual([[], 0]);
  });

  test.each<[string, string, readonly string[]]>([
    ['DEL', 'del', ['add', 'check', 'status']],
    ['CHECK', 'check', ['add', 'del', 'status']],
    ['STATUS', 'status', ['add', 'del', 'check']],
    ['ADD', 'add', ['check', 'status']],
  ])('does nothing in %s but what that is about', (verb, name, others) => {
    const steps = others.map((other) => `try delegate.${other}`);
    expect(bench.call(verb, { outer: { [name]: steps }, inner: leased })).toMatchObject({ exitCode: 0 });
    const wanted = others.map((other) => other.toUpperCase());
    expect(said()).toEqual(wanted.map((other) => `outer: failed 999: denied: ${verb} runs no ${other} of a delegate`));
    expect(bench.rulings.filter((one) => one.includes('delegate'))).toEqual(
      wanted.map((other) => `outer delegate ${other} denied`),
    );
    expect(bench.rulings.filter((one) => one.startsWith('inner'))).toEqual([]);
    expect(bench.leases()).toEqual([]);
  });

  test.each<[string, string]>([
    ['DEL', 'del'],
    ['CHECK', 'check'],
    ['STATUS', 'status'],
  ])('runs its %s in that of the plugin that it works for', (verb, name) => {
    const steps = { outer: { [name]: [`delegate.${name}`] }, inner: { [name]: ['say here'] } };
    expect(bench.call(verb, steps)).toMatchObject({ exitCode: 0 });
    expect(said()).toEqual(['inner: here']);
  });

  test('is not the plugin itself, which is told so at once', () => {
    const started = performance.now();
    for (const [verb, name] of [
      ['ADD', 'add'],
      ['DEL', 'del'],
      ['CHECK', 'check'],
      ['STATUS', 'status'],
    ] as const) {
      const outer = { [name]: [`delegate.${name}`] };
      expect(bench.call(verb, { outer }, { config: { ipam: { type: 'outer' } } })).toMatchObject({
        exitCode: 1,
        json: { code: 7, msg: 'outer is not its own IPAM plugin' },
      });
    }
    // A record's lock would be waited for as long as a call may take.
    expect(performance.now() - started).toBeLessThan(bench.test.node.limits.time / 2);
  });
});

describe('an address that a delegate gave', () => {
  const untrue = {
    code: 999,
    msg: "the plugin's result is not true: address 10.1.0.2/24 is neither in the sandbox nor assigned to this attachment",
  };

  test.each<[string, readonly string[], readonly string[]]>([
    ['it took back', ['delegate.add', 'delegate.del', 'claim 10.1.0.2/24'], ['outer: given 10.1.0.2/24']],
    [
      'it could not give again',
      ['delegate.add', 'try delegate.add', 'claim 10.1.0.2/24'],
      ['outer: given 10.1.0.2/24', 'outer: failed 999: not free'],
    ],
  ])('is not the attachment’s any more where %s', (_, add, told) => {
    expect(bench.call('ADD', { outer: { add }, inner: leased })).toMatchObject({ exitCode: 1, json: untrue });
    expect(said()).toEqual(told);
    expect([bench.leases(), bench.records()]).toEqual([[], 0]);
  });
});

describe('a delegate’s look that fails', () => {
  /** A call of `inner` in the course of one of `outer`. */
  function nestedCall(verb: 'CHECK' | 'STATUS'): PluginCall {
    const environment = decodeEnvironment({
      ...{ CNI_COMMAND: verb, CNI_CONTAINERID: 'c1', CNI_NETNS: sandboxPath, CNI_IFNAME: 'eth0', CNI_PATH: '/x' },
    });
    const ipam = { type: 'inner', [verb.toLowerCase()]: ['fail gone'] };
    const text = JSON.stringify({ cniVersion: '1.1.0', name: network, type: 'outer', ipam, prevResult: {} });
    const call = decodeCall(environment as Parameters<typeof decodeCall>[0], new TextEncoder().encode(text));
    const plugin = findPlugin(bench.test.node, 'inner', verb);
    return { call, type: 'inner', plugin, sandbox: undefined, nested: true, known: new Map() };
  }

  test.each([
    ['CHECK', check],
    ['STATUS', status],
  ] as const)('%s does not take the lock of the call that it is part of', (verb, look) => {
    const { records } = bench.test.node;
    const nested = nestedCall(verb);
    const attachment = attachmentOf({ ...nested, type: 'outer' });
    using record = records.open(attachment, Deadline.in(1000));
    expect(() => look(bench.test.node, nested)).toThrow('gone');
    expect(() => records.open(attachment, Deadline.in(0))).toThrow(LockTimeout);
    record.begin('boot', undefined);
  });
});

test('a delegate that was removed from the node since is taken back by its record', () => {
  const outer = { add: ['delegate.add', 'claim 10.1.0.2/24', 'mtu 1400'], del: ['delegate.del'] };
  for (const del of [outer.del, []]) {
    expect(bench.call('ADD', { outer, inner: leased })).toMatchObject({ exitCode: 0 });
    const inner = bench.plugins.get('inner');
    bench.plugins.delete('inner');
    expect(bench.leases()).toEqual(['10.1.0.2']);
    expect(bench.call('DEL', { outer: { del } })).toMatchObject({ exitCode: 0, stdout: '' });
    expect([bench.leases(), bench.records(), mtuIn(bench)]).toEqual([[], 0, 1500]);
    if (inner !== undefined) bench.plugins.set('inner', inner);
  }
});

test('GC takes away a plugin’s attachment before its delegate’s', () => {
  const outer = { add: ['delegate.add', 'claim 10.1.0.2/24'], del: ['say outer'] };
  const inner = { ...leased, del: ['say inner'] };
  // Records are in no order of their own: their files are named by hashes.
  for (let i = 0; i < 8; i++) {
    const add = [`lease 10.1.0.${i + 2}`];
    const steps = { outer: { add: ['delegate.add'] }, inner: { add } };
    expect(bench.call('ADD', steps, { container: `c${i}` })).toMatchObject({ exitCode: 0 });
  }
  bench.test.logged.length = 0;
  expect(
    bench.call(
      'GC',
      { outer, inner },
      { config: { 'cni.dev/valid-attachments': [{ containerID: 'c5', ifname: 'eth0' }] } },
    ),
  ).toMatchObject({ exitCode: 0 });
  expect(said()).toEqual(Array.from({ length: 7 }, () => ['outer: outer', 'inner: inner']).flat());
  expect([bench.leases(), bench.records()]).toEqual([['10.1.0.7'], 2]);
});

describe('a lock that a delegate cannot have in time', () => {
  let isHeld = false;
  class HeldRecords extends RecordStore {
    override open(...[attachment, deadline]: Parameters<RecordStore['open']>): ReturnType<RecordStore['open']> {
      if (isHeld && attachment.type === 'inner') throw new LockTimeout('attachment c1 eth0');
      return super.open(attachment, deadline);
    }
  }

  test('is error code 11: try again later', async () => {
    const directory = bench.test.directory;
    using held = await makeBench({ records: new HeldRecords(`${directory}/held`) });
    isHeld = true;
    const outer = { add: ['mtu 1400', 'delegate.add'] };
    expect(held.call('ADD', { outer, inner: leased })).toMatchObject({
      exitCode: 1,
      json: { code: 11, msg: expect.stringMatching(/^cannot lock attachment c1 eth0: /) },
    });
    isHeld = false;
    expect(mtuIn(held)).toBe(1500);
    expect(held.call('DEL', {})).toMatchObject({ exitCode: 0 });
  });
});
