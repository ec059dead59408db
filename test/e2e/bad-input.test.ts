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

/** Without the operational state of links, which follows the carrier in its own time. */
function settled(path: string): unknown {
  const { links, routes } = machine.snapshot(path);
  return { links: links.map(({ state: _, ...link }) => link), routes };
}

const state = () => ({
  host: settled(machine.host.path),
  container: settled(container.path),
  leases: machine.leased('net'),
  records: machine.records(),
});

function add(configuration: unknown, environment: Partial<CallEnvironment> = {}, type = 'bridge'): Ended {
  const call = { verb: 'ADD', id: 'c1', netns: container.path, ifname: 'eth0', ...environment };
  return machine.call(type, call, configuration);
}

/** One JSON document that is an error object, exit status 1, no stack trace anywhere, and nothing changed. */
function expectRefused(attempt: () => Ended, code: number, message: string | RegExp): void {
  const before = state();
  const { status, stdout, stderr, json } = attempt();
  expect(stdout, stderr).not.toBe('');
  expect(json).toMatchObject({ code, msg: expect.stringMatching(message) });
  expect(['cniVersion', 'code', 'msg', 'details']).toEqual(expect.arrayContaining(Object.keys(json)));
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
    ['null', () => 'null', 7, /^missing network name$/],
    ['half an object', () => text().slice(0, -5), decoding, /^error unmarshall/],
    ['a trailing comma', () => text().replace(/}$/, ',}'), decoding, /^error unmarshall/],
    ['two objects', () => `${text()}${text()}`, decoding, /^error unmarshall/],
    ['a byte order mark', () => `\ufeff${text()}`, decoding, /^error unmarshall/],
    ['NaN', () => text().replace('"cni0"', 'NaN'), decoding, /^error unmarshall/],
    [
      '100,000 lists in one another',
      () => text({ deep: 0 }).replace('"deep":0', `"deep":${'['.repeat(1e5)}${']'.repeat(1e5)}`),
      decoding,
      /exceeded max depth/,
    ],
    [
      'a thousand lists in one another',
      () => text({ deep: 0 }).replace('0}', `${'['.repeat(1000)}${']'.repeat(1000)}}`),
      decoding,
      /exceeded max depth/,
    ],
    ['a text that does not end', () => text().replace('cni0"', 'cni0'), decoding, /^error unmarshall/],
    ['UTF-16', () => Buffer.from(text(), 'utf16le'), decoding, /^error unmarshall/],
    ['a line feed in a text', () => text().replace('cni0', 'c\n0'), decoding, /^error unmarshall/],
    [
      '10 MB',
      () => text({ padding: 'x'.repeat(10_000_000) }),
      999,
      /has 10000\d{3} UTF-16 units, more than the limit of 1048576/,
    ],
    ['40 MB', () => text({ padding: 'x'.repeat(40_000_000) }), 5, /^error reading from stdin: more than/],
    ['40 MB of spaces', () => ' '.repeat(40_000_000) + text(), 5, /^error reading from stdin: more than/],
    ['a version that is a number', () => text({ cniVersion: 5 }), decoding, /^decoding version from network config/],
    ['half a version', () => text({ cniVersion: '1.1' }), 1, /^incompatible CNI versions/],
    ['a version that nobody knows', () => text({ cniVersion: '7.0.0' }), 1, /^incompatible CNI versions/],
    ['no name', () => text({ name: undefined }), 7, /^missing network name$/],
    ['an empty name', () => text({ name: '' }), 7, /^missing network name$/],
    ['a name with a slash', () => text({ name: 'a/b' }), 7, /^invalid characters found in network name/],
    ['a name that is a number', () => text({ name: 7 }), decoding, /cannot unmarshal number/],
    ['a name that no directory can have', () => text({ name: 'n'.repeat(300) }), 999, /name too long/],
  ])('%s is refused', (_, stdin, code, message) => {
    expectRefused(() => add(stdin()), code, message);
  });

  test.each<readonly [string, object, object, RegExp]>([
    ['an MTU that is text', { mtu: 'x' }, {}, /unmarshal string into .*\.mtu of type int$/],
    ['an MTU that is no integer', { mtu: 1.5 }, {}, /unmarshal number 1\.5 into .*\.mtu of type int$/],
    ['an MTU that no link can have', { mtu: 5_000_000_000 }, {}, /5000000000/],
    ['an MTU above what the kernel has', { mtu: 70_000 }, {}, /invalid argument/],
    ['a flag that is text', { isGateway: 'yes' }, {}, /unmarshal string into .*\.isGateway of type bool$/],
    ['a bridge that is a number', { bridge: 7 }, {}, /unmarshal number.* into .*\.bridge of type string$/],
    ['a bridge that no link can be called', { bridge: 'a/../b' }, {}, /could not add "a\/\.\.\/b"/],
    ['a bridge with a name of 16 bytes', { bridge: 'abcdefghijklmnop' }, {}, /numerical result out of range/],
    ['a bridge that is something else', { bridge: 'lo' }, {}, /"lo" already exists but is not a bridge$/],
    ['a MAC that is none', { args: { cni: { mac: 'zz' } } }, {}, /address zz: invalid MAC address$/],
    ['arguments that are text', { args: 'x' }, {}, /unmarshal string into .*\.args/],
    ['IPAM that is a list', { ipam: [] }, {}, /unmarshal array into .*\.ipam/],
    ['IPAM of a type with a path', { ipam: { type: '../bridge' } }, {}, /^invalid plugin name: \.\.\/bridge$/],
    ['IPAM of a type that is nowhere', { ipam: { type: 'absent' } }, {}, /^failed to find plugin "absent" in path/],
    ['name servers that are text', { dns: 'x' }, {}, /unmarshal string into .*\.dns/],
    ['a previous result that is text', { prevResult: 'x' }, {}, /prevResult/],
    [
      'a previous result with an address that is none',
      { prevResult: { cniVersion: '1.1.0', ips: [{ address: 'x' }] } },
      {},
      /prevResult: invalid CIDR address: x$/,
    ],
    ['an address to give that is none', { runtimeConfig: { ips: ['x'] } }, {}, /^invalid IP address x$/],
    ['null for an address to give', { runtimeConfig: { ips: [null] } }, {}, /not v4 nor v6$/],
    ['null for a range set', {}, { ranges: [null] }, /^invalid range set 1: empty range set$/],
    ['null for a range', {}, { ranges: [[null]] }, /^invalid range set 1: IP <nil> not v4 nor v6$/],
    ['null for a route', {}, { routes: [null] }, /^invalid CIDR address: $/],
    ['a range that is text', {}, { ranges: [['x']] }, /unmarshal string into .*ipam\.ranges/],
    ['a subnet that is none', {}, { subnet: '10.1.0.0/33' }, /^invalid CIDR address: 10\.1\.0\.0\/33$/],
    ['a subnet that is a number', {}, { subnet: 7 }, /unmarshal number.* into .*ipam\.subnet of type string$/],
    [
      'a lease directory that is a number',
      {},
      { dataDir: 7 },
      /unmarshal number.* into .*ipam\.dataDir of type string$/,
    ],
    ['a lease directory below a file', {}, { dataDir: '/etc/hostname' }, /not a directory/],
    [
      'a lease directory with a zero byte',
      {},
      { dataDir: '/tmp/a\0b' },
      /cannot reserve an address in \/tmp\/a\\x00b\/net/,
    ],
    ['a file of name servers that is a directory', {}, { resolvConf: '/etc' }, /^failed to read \/etc/],
  ])('%s is refused', (_, more, ipam, message) => {
    expectRefused(() => add(network(more, ipam)), 999, message);
  });

  test.each<readonly [string, Partial<CallEnvironment>, string, number, RegExp]>([
    ['an unknown command', { verb: 'FLY' }, 'bridge', 4, /^unknown CNI_COMMAND: FLY$/],
    ['a command in small letters', { verb: 'add' }, 'bridge', 4, /^unknown CNI_COMMAND: add$/],
    ['no container', { id: '' }, 'bridge', 4, /^required env variables \[CNI_CONTAINERID\] missing$/],
    ['no namespace', { netns: '' }, 'bridge', 4, /^required env variables \[CNI_NETNS\] missing$/],
    ['no interface', { ifname: '' }, 'bridge', 4, /^required env variables \[CNI_IFNAME\] missing$/],
    ['no path', { path: '' }, 'bridge', 4, /^required env variables \[CNI_PATH\] missing$/],
    [
      'nothing but the command',
      { id: '', netns: '', ifname: '', path: '' },
      'bridge',
      4,
      /^required env variables \[CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH\] missing$/,
    ],
    ['a container with a line feed', { id: 'a\nb' }, 'bridge', 4, /^invalid characters in containerID$/],
    ['a container that begins with a hyphen', { id: '-a' }, 'bridge', 4, /^invalid characters in containerID$/],
    ['a container with a slash', { id: 'a/b' }, 'bridge', 4, /^invalid characters in containerID$/],
    ['an interface with a slash', { ifname: 'a/b' }, 'bridge', 4, /^interface name contains \/ or : or whitespace/],
    ['an interface called ..', { ifname: '..' }, 'bridge', 4, /^interface name is \. or \.\.$/],
    ['an interface of 16 bytes', { ifname: 'abcdefghijklmnop' }, 'bridge', 4, /^interface name is too long$/],
    ['arguments without =', { args: 'x' }, 'bridge', 999, /^ARGS: invalid pair "x"$/],
    ['arguments with two =', { args: 'a=b=c' }, 'bridge', 999, /^ARGS: invalid pair "a=b=c"$/],
    [
      'an address in the arguments that is none',
      { args: 'IgnoreUnknown=1;IP=zz' },
      'bridge',
      999,
      /invalid IP address zz$/,
    ],
    [
      'a namespace that is nowhere',
      { netns: '/nonexistent/ns' },
      'bridge',
      999,
      /^failed to open netns "\/nonexistent\/ns"/,
    ],
    ['a namespace that is a regular file', { netns: '/etc/hostname' }, 'bridge', 999, /unknown FS magic on/],
    ['a namespace that is a directory', { netns: '/etc' }, 'bridge', 999, /unknown FS magic on/],
    ['a namespace of another kind', { netns: '/proc/self/ns/uts' }, 'bridge', 999, /is not a network namespace$/],
    ['a namespace that is a device', { netns: '/dev/null' }, 'bridge', 999, /unknown FS magic on/],
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

  test.each(['bridge', 'loopback'])("the host's own namespace by another path is refused by %s", (type) => {
    const environment = { netns: machine.host.path, ifname: type === 'loopback' ? 'lo' : 'eth0' };
    expectRefused(() => add(network(), environment, type), 8, /should not be the same$/);
  });

  test('a namespace that is a FIFO is refused at once', () => {
    const path = join(machine.directory, 'fifo');
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    const start = performance.now();
    expectRefused(() => add(network(), { netns: path }), 999, /^failed to open netns ".*fifo"/);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe.skipIf(missing)('what the reference puts up with, Bulkhead does', () => {
  const attachAndDetach = (configuration: unknown) => {
    const call = { id: 'c2', netns: container.path, ifname: 'eth0' };
    expect(machine.call('bridge', { ...call, verb: 'ADD' }, configuration)).toMatchObject({ status: 0 });
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, configuration)).toMatchObject({ status: 0, stdout: '' });
    expect([machine.leased('net'), machine.records()]).toEqual([[], []]);
    expect(machine.snapshot(container.path).links.map(({ name }) => name)).toEqual(['lo']);
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
    [
      'null for the rest of what is optional',
      () => text({ isGateway: null, hairpinMode: null, prevResult: null, vlan: null, capabilities: null }),
    ],
    ['no version, which means 0.1.0', () => text({ cniVersion: undefined })],
    ['white space around it', () => ` \n\t${text()}\r\n `],
    ['10 MB of white space', () => ' '.repeat(10_000_000) + text()],
    ['bytes that are not UTF-8, where nobody looks', () => Buffer.from(text({ padding: 'é' }), 'latin1')],
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

describe.skipIf(missing)('a DEL', () => {
  test.each([
    ['an MTU that is text', { mtu: 'x' }, {}],
    ['a previous result that is text', { prevResult: 'x' }, {}],
    ['ranges that are null', {}, { ranges: [null] }],
    ['a lease directory below a file', {}, { dataDir: '/etc/hostname' }],
  ])('with %s takes away what was attached before all the same', (_, more, ipam) => {
    const call = { id: 'c3', netns: container.path, ifname: 'eth0' };
    expect(add(network(), call)).toMatchObject({ status: 0 });
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, network(more, ipam))).toMatchObject({
      status: 0,
      stdout: '',
    });
    expect(machine.snapshot(container.path).links.map(({ name }) => name)).toEqual(['lo']);
    expect([machine.leased('net'), machine.records()]).toEqual([[], []]);
  });

  test.each([
    ['no container', { id: '' }, 4, /^required env variables \[CNI_CONTAINERID\] missing$/],
    ['a namespace of another kind', { netns: '/proc/self/ns/uts' }, 999, /is not a network namespace$/],
    ['a namespace that is a regular file', { netns: '/etc/hostname' }, 999, /unknown FS magic on/],
  ])('with %s is refused', (_, environment, code, message) => {
    expectRefused(() => add(network(), { verb: 'DEL', ...environment }), code, message);
  });

  test('after an ADD that was refused ends well, and so does the next ADD', () => {
    const call = { id: 'c4', netns: container.path, ifname: 'eth0' };
    expect(add(network({}, { dataDir: '/dev/null/x' }), call)).toMatchObject({ status: 1 });
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, network({}, { dataDir: '/dev/null/x' }))).toMatchObject({
      status: 0,
      stdout: '',
    });
    expect(add(network(), call)).toMatchObject({ status: 0, stderr: '' });
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0, stdout: '' });
    expect(machine.records()).toEqual([]);
  });
});
