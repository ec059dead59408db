import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestNamespace } from '../kernel/namespace.ts';
import { type CallEnvironment, type Ended, Machine, missing } from './installation.ts';

let machine: Machine;
let container: TestNamespace;
beforeAll(() => {
  if (missing !== undefined) return;
  machine = new Machine();
  container = machine.container();
}, 60_000);
afterAll(() => machine?.[Symbol.dispose]());

const network = (more: object = {}, ipam: object = {}) => ({
  cniVersion: '1.1.0',
  name: 'net',
  type: 'bridge',
  bridge: 'cni0',
  ipam: { type: 'host-local', dataDir: machine.leases, subnet: '10.1.0.0/24', ...ipam },
  ...more,
});
const text = (more: object = {}) => JSON.stringify(network(more));

const state = () => ({
  host: machine.snapshot(),
  container: machine.snapshot(container.path),
  leases: machine.leased('net'),
  records: machine.records(),
});

function add(configuration: unknown, environment: Partial<CallEnvironment> = {}, type = 'bridge'): Ended {
  const call = { verb: 'ADD', id: 'c1', netns: container.path, ifname: 'eth0', ...environment };
  return machine.call(type, call, configuration);
}

/** One JSON document with code and message, exit status 1, no stack trace anywhere, and nothing changed. */
function expectRefused(attempt: () => Ended, code: number, message: string | RegExp): void {
  const before = state();
  const { status, stdout, stderr, json } = attempt();
  expect(stdout, stderr).not.toBe('');
  expect(json).toMatchObject({ code, msg: expect.stringMatching(message) });
  expect(status).toBe(1);
  expect(`${stdout}${stderr}`).not.toMatch(/\n\s+at |node:internal/);
  expect(state()).toEqual(before);
}

describe.skipIf(missing)('an ADD with', () => {
  const decoding = 6;
  test.each([
    ['nothing on stdin', () => '', decoding, /^error unmarshall/],
    ['text that is not JSON', () => 'bridge: cni0', decoding, /^error unmarshall/],
    ['a list', () => '[]', decoding, /^error unmarshall/],
    ['a string', () => '"bridge"', decoding, /^error unmarshall/],
    ['null', () => 'null', 7, /./],
    ['half an object', () => text().slice(0, -5), decoding, /^error unmarshall/],
    ['a trailing comma', () => text().replace(/}$/, ',}'), decoding, /^error unmarshall/],
    ['two objects', () => `${text()}${text()}`, decoding, /^error unmarshall/],
    ['a byte order mark', () => `\ufeff${text()}`, decoding, /^error unmarshall/],
    ['NaN', () => text().replace('"cni0"', 'NaN'), decoding, /^error unmarshall/],
    [
      '100,000 lists in one another',
      () => text({ deep: 0 }).replace('"deep":0', `"deep":${'['.repeat(1e5)}${']'.repeat(1e5)}`),
      decoding,
      /./,
    ],
    ['10 MB', () => text({ padding: 'x'.repeat(10_000_000) }), 999, /limit|longer|string/],
    ['40 MB', () => text({ padding: 'x'.repeat(40_000_000) }), 5, /more than/],
    ['a version that is a number', () => text({ cniVersion: 5 }), decoding, /./],
    ['a version that nobody knows', () => text({ cniVersion: '7.0.0' }), 1, /^incompatible CNI versions/],
    ['no name', () => text({ name: '' }), 7, /^missing network name/],
    ['a name with a slash', () => text({ name: 'a/b' }), 7, /^invalid characters found in network name/],
    ['a name that is a number', () => text({ name: 7 }), decoding, /./],
  ])('%s is refused', (_, stdin, code, message) => {
    expectRefused(() => add(stdin()), code, message);
  });

  test.each([
    ['an MTU that is text', { mtu: 'x' }, {}],
    ['an MTU that is no integer', { mtu: 1.5 }, {}],
    ['an MTU that no link can have', { mtu: 5_000_000_000 }, {}],
    ['a flag that is text', { isGateway: 'yes' }, {}],
    ['a bridge that is a number', { bridge: 7 }, {}],
    ['a bridge that no link can be called', { bridge: 'a/../b' }, {}],
    ['a bridge with a name of 16 bytes', { bridge: 'abcdefghijklmnop' }, {}],
    ['IPAM that is a list', { ipam: [] }, {}],
    ['IPAM of a type with a path', { ipam: { type: '../bridge' } }, {}],
    ['IPAM of a type that is nowhere', { ipam: { type: 'absent' } }, {}],
    ['name servers that are text', { dns: 'x' }, {}],
    ['a previous result that is text', { prevResult: 'x' }, {}],
    [
      'a previous result with an address that is none',
      { prevResult: { cniVersion: '1.1.0', ips: [{ address: 'x' }] } },
      {},
    ],
    ['null for a range set', {}, { ranges: [null] }],
    ['null for a range', {}, { ranges: [[null]] }],
    ['null for a route', {}, { routes: [null] }],
    ['a range that is text', {}, { ranges: [['x']] }],
    ['a subnet that is none', {}, { subnet: '10.1.0.0/33' }],
    ['a subnet that is a number', {}, { subnet: 7 }],
  ])('%s is refused', (_, more, ipam) => {
    expectRefused(() => add(network(more, ipam)), expect.any(Number) as unknown as number, /./);
  });

  test.each<readonly [string, Partial<CallEnvironment>, string, number, RegExp]>([
    ['an unknown command', { verb: 'FLY' }, 'bridge', 4, /^unknown CNI_COMMAND: FLY$/],
    ['no container', { id: '' }, 'bridge', 4, /^required env variables \[CNI_CONTAINERID\] missing$/],
    ['a container with a slash', { id: 'a/b' }, 'bridge', 4, /^invalid characters in containerID$/],
    ['an interface with a slash', { ifname: 'a/b' }, 'bridge', 4, /^interface name contains \/ or : or whitespace/],
    ['an interface called ..', { ifname: '..' }, 'bridge', 4, /^interface name is \. or \.\.$/],
    ['an interface of 16 bytes', { ifname: 'abcdefghijklmnop' }, 'bridge', 4, /^interface name is too long$/],
    ['arguments without =', { args: 'x' }, 'bridge', 999, /invalid|ARGS/],
    [
      'a namespace that is nowhere',
      { netns: '/nonexistent/ns' },
      'bridge',
      999,
      /^failed to open netns "\/nonexistent\/ns"/,
    ],
    [
      'a namespace that is a regular file',
      { netns: '/etc/hostname' },
      'bridge',
      999,
      /not a (network )?namespace|unknown FS magic/i,
    ],
    [
      'a namespace that is a directory',
      { netns: '/etc' },
      'bridge',
      999,
      /not a (network )?namespace|unknown FS magic/i,
    ],
    ['a namespace of another kind', { netns: '/proc/self/ns/uts' }, 'bridge', 999, /not a network namespace/],
    ['a namespace that is a device', { netns: '/dev/null' }, 'bridge', 999, /./],
    [
      "the host's own namespace",
      { netns: '/proc/self/ns/net' },
      'bridge',
      8,
      /^plugin's netns and netns from CNI_NETNS should not be the same$/,
    ],
    [
      "the host's own namespace, for loopback",
      { netns: '/proc/self/ns/net' },
      'loopback',
      8,
      /^plugin's netns and netns from CNI_NETNS should not be the same$/,
    ],
  ])('%s is refused', (_, environment, type, code, message) => {
    expectRefused(() => add(network(), environment, type), code, message);
  });

  test('a namespace that is a FIFO is refused at once', () => {
    const path = join(machine.directory, 'fifo');
    spawnSync('mkfifo', [path]);
    const start = performance.now();
    expectRefused(() => add(network(), { netns: path }), 999, /./);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe.skipIf(missing)('what the reference puts up with, Bulkhead does', () => {
  const attachAndDetach = (configuration: unknown) => {
    const call = { id: 'c2', netns: container.path, ifname: 'eth0' };
    expect(machine.call('bridge', { ...call, verb: 'ADD' }, configuration)).toMatchObject({ status: 0 });
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, configuration)).toMatchObject({ status: 0, stdout: '' });
    expect(machine.leased('net')).toEqual([]);
  };

  test.each([
    ['keys that nobody knows', () => text({ whatever: { a: [null, 7] } }).replace('[null,7]', '[null,1e400,-0]')],
    [
      'keys in another case',
      () => text().replace('"bridge":"cni0"', '"BRIDGE":"cni0"').replace('"subnet"', '"SubNet"'),
    ],
    [
      'a key twice, of which the last counts',
      () => text().replace('"bridge":"cni0"', '"bridge":7,"bridge":"cni0"').replace('7', '"no/no"'),
    ],
    [
      'null where something optional is left out',
      () => text({ mtu: null, dns: null, args: null, runtimeConfig: null }),
    ],
    ['white space around it', () => ` \n\t${text()}\r\n `],
    ['half a megabyte', () => text({ padding: 'x'.repeat(500_000) })],
  ])('%s', (_, stdin) => {
    attachAndDetach(stdin());
  });

  test('a DEL for what never was, and for a namespace that is gone', () => {
    const call = { verb: 'DEL', id: 'never', ifname: 'eth0' };
    for (const netns of [undefined, '', '/nonexistent/ns', container.path]) {
      const given = netns === undefined ? call : { ...call, netns };
      expect(machine.call('bridge', given, network())).toMatchObject({ status: 0, stdout: '' });
    }
  });
});

describe.skipIf(missing)('a plugin file that', () => {
  test.each([
    ['is garbage', () => Buffer.from('#!/bin/sh\necho owned\n')],
    ['was cut', (whole: Buffer) => whole.subarray(0, whole.length / 2)],
    ['has one byte changed', (whole: Buffer) => Buffer.from(whole.map((byte, i) => (i === 20_000 ? byte ^ 1 : byte)))],
    ['is a core module', () => Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])],
    ['is empty', () => Buffer.alloc(0)],
    ['is gone', undefined],
  ])(
    '%s does not run, and its containers are detached all the same',
    (_, change) => {
      using other = new Machine();
      const sandbox = other.container();
      const call = { id: 'c1', netns: sandbox.path, ifname: 'eth0' };
      const configuration = {
        ...network(),
        ipam: { type: 'host-local', dataDir: other.leases, subnet: '10.1.0.0/24' },
      };
      expect(other.call('bridge', { ...call, verb: 'ADD' }, configuration)).toMatchObject({ status: 0 });
      other.replacePlugin('bridge', change);
      const second = { ...call, id: 'c2', ifname: 'eth1' };
      const { status, json } = other.call('bridge', { ...second, verb: 'ADD' }, configuration);
      expect([status, json.code]).toEqual([1, 999]);
      expect(json.msg).toMatch(/bridge/);
      expect(other.call('bridge', { ...call, verb: 'DEL' }, configuration)).toMatchObject({ status: 0, stdout: '' });
      expect(other.snapshot(sandbox.path).links.map(({ name }) => name)).toEqual(['lo']);
      expect(other.snapshot().links.map(({ name }) => name)).toEqual(['cni0', 'lo']);
      expect([other.leased('net'), other.records()]).toEqual([[], []]);
    },
    60_000,
  );
});
