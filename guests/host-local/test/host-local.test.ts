import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGuest, type Called, createMemoryKernel, makeTestNode, type TestNode } from 'bulkhead/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

const directory = dirname(dirname(fileURLToPath(import.meta.url)));
let bench: TestNode;
let dataDir: string;

beforeAll(async () => {
  const kernel = createMemoryKernel();
  for (let i = 0; i < 8; i++) kernel.addNamespace(`/run/netns/c${i}`);
  bench = await makeTestNode(kernel, [(await buildGuest({ directory })).component]);
}, 60_000);
afterAll(() => bench[Symbol.dispose]());
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'leases-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dataDir, { recursive: true });
});

interface Asked {
  readonly version?: string;
  readonly args?: string;
  readonly more?: object;
}

/** A call for a container and its interface, with this `ipam` section. */
function call(verb: string, container: string, ipam: object, { version = '1.0.0', args = '', more = {} }: Asked = {}) {
  const environment = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: container,
    CNI_NETNS: `/run/netns/${container}`,
    CNI_IFNAME: 'eth0',
    CNI_ARGS: args,
    CNI_PATH: '/opt/cni/bin',
  };
  const section = { type: 'host-local', dataDir, ...ipam };
  return bench.call('host-local', environment, {
    cniVersion: version,
    name: 'net',
    type: 'host-local',
    ipam: section,
    ...more,
  });
}

const addresses = ({ json }: Called): string[] =>
  json.ips?.map((one: { address: string }) => one.address) ?? [json.msg];
const leases = () => readdirSync(join(dataDir, 'net')).filter((name) => /^[0-9a-f.:]+$/.test(name));
const lease = (address: string) => readFileSync(join(dataDir, 'net', address), 'utf8');
const oneRange = { ranges: [[{ subnet: '10.1.2.0/24' }]] };

describe('ADD', () => {
  test('gives out the first address after the gateway, with gateway and routes', () => {
    const { json } = call('ADD', 'c0', {
      ...oneRange,
      routes: [{ dst: '0.0.0.0/0' }, { dst: '192.168.0.0/16', gw: '10.1.2.9', mtu: 1400, priority: 5, table: 7 }],
    });
    expect(json).toEqual({
      cniVersion: '1.0.0',
      ips: [{ address: '10.1.2.2/24', gateway: '10.1.2.1' }],
      routes: [{ dst: '0.0.0.0/0' }, { dst: '192.168.0.0/16', gw: '10.1.2.9', mtu: 1400, priority: 5, table: 7 }],
    });
    expect(lease('10.1.2.2')).toBe('c0\r\neth0');
  });

  test('goes on after the address that it gave out last, and round', () => {
    const ipam = { ranges: [[{ subnet: '10.1.2.0/24', rangeStart: '10.1.2.10', rangeEnd: '10.1.2.12' }]] };
    expect(addresses(call('ADD', 'c0', ipam))).toEqual(['10.1.2.10/24']);
    expect(addresses(call('ADD', 'c1', ipam))).toEqual(['10.1.2.11/24']);
    call('DEL', 'c0', ipam);
    expect(addresses(call('ADD', 'c2', ipam))).toEqual(['10.1.2.12/24']);
    expect(addresses(call('ADD', 'c3', ipam))).toEqual(['10.1.2.10/24']);
    expect(addresses(call('ADD', 'c4', ipam))).toEqual([
      'failed to allocate for range 0: no IP addresses available in range set: 10.1.2.10-10.1.2.12',
    ]);
  });

  test('gives one address of each set, out of any of its ranges', () => {
    const ipam = {
      ranges: [
        [
          { subnet: '10.1.2.0/24', rangeStart: '10.1.2.5', rangeEnd: '10.1.2.5' },
          { subnet: '10.1.3.0/24', gateway: '10.1.3.254' },
        ],
        [{ subnet: '2001:db8::/64' }],
      ],
    };
    expect(addresses(call('ADD', 'c0', ipam))).toEqual(['10.1.2.5/24', '2001:db8::2/64']);
    const { json } = call('ADD', 'c1', ipam);
    expect(json.ips).toEqual([
      { address: '10.1.3.1/24', gateway: '10.1.3.254' },
      { address: '2001:db8::3/64', gateway: '2001:db8::1' },
    ]);
  });

  test('the range in the form of old comes before the others, the ranges of the runtime before both', () => {
    const ipam = { subnet: '10.1.1.0/24', ...oneRange };
    const more = { runtimeConfig: { ipRanges: [[{ subnet: '10.1.0.0/24' }]] } };
    expect(addresses(call('ADD', 'c0', ipam, { more }))).toEqual(['10.1.0.2/24', '10.1.1.2/24', '10.1.2.2/24']);
  });

  test('keys may be written in any case, and the last of two counts', () => {
    const text = `{"cniVersion":"1.0.0","name":"net","type":"host-local","ipam":{"type":"host-local","dataDir":${JSON.stringify(dataDir)},
      "Ranges":[[{"SUBNET":"10.9.0.0/24","subnet":"10.1.2.0/24","rangestart":"10.1.2.7"}]]}}`;
    const environment = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c0', CNI_NETNS: '/run/netns/c0', CNI_IFNAME: 'eth0' };
    expect(addresses(bench.call('host-local', { ...environment, CNI_PATH: '/x' }, text))).toEqual(['10.1.2.7/24']);
  });

  test('a second ADD for the same container and interface is refused', () => {
    call('ADD', 'c0', oneRange);
    expect(call('ADD', 'c0', oneRange).json.msg).toBe(
      'failed to allocate for range 0: 10.1.2.2 has been allocated to c0, duplicate allocation is not allowed',
    );
  });

  test('what it leased before a later set failed is taken back', () => {
    const full = [{ subnet: '10.1.3.0/24', rangeStart: '10.1.3.1', rangeEnd: '10.1.3.1' }];
    const { json } = call('ADD', 'c0', { ranges: [...oneRange.ranges, full] });
    expect(json.msg).toBe('failed to allocate for range 1: no IP addresses available in range set: 10.1.3.1-10.1.3.1');
    expect(leases()).toEqual([]);
  });

  test('name servers come from the file that resolvConf names', () => {
    const path = join(dataDir, 'resolv.conf');
    writeFileSync(
      path,
      '# mine\nnameserver 10.1.2.53\nsearch a.example b.example\noptions ndots:5\ndomain a.example\n',
    );
    expect(call('ADD', 'c0', { ...oneRange, resolvConf: path }).json.dns).toEqual({
      nameservers: ['10.1.2.53'],
      domain: 'a.example',
      search: ['a.example', 'b.example'],
      options: ['ndots:5'],
    });
  });
});

test('a file of name servers that is not there fails the ADD, and nothing stays leased', () => {
  const { json } = call('ADD', 'c0', { ...oneRange, resolvConf: '/nonexistent/resolv.conf' });
  expect(json).toMatchObject({ code: 999, msg: expect.stringMatching(/\/nonexistent\/resolv.conf/) });
});

describe('requested addresses', () => {
  test.each<[string, Asked, string[]]>([
    ['in CNI_ARGS', { args: 'IP=10.1.2.77' }, ['10.1.2.77/24']],
    ['in CNI_ARGS, with a prefix', { args: 'IgnoreUnknown=1;K8S=x;IP=10.1.2.77/8' }, ['10.1.2.77/24']],
    ['in args', { more: { args: { cni: { ips: ['10.1.2.78'] } } } }, ['10.1.2.78/24']],
    ['by the runtime', { more: { runtimeConfig: { ips: ['10.1.2.79/24'] } } }, ['10.1.2.79/24']],
    ['twice', { args: 'IP=10.1.2.9', more: { runtimeConfig: { ips: ['10.1.2.9'] } } }, ['10.1.2.9/24']],
    [
      'that is the gateway',
      { args: 'IP=10.1.2.1' },
      ["failed to allocate for range 0: requested ip 10.1.2.1 is subnet's gateway"],
    ],
    ['that no set has', { args: 'IP=10.9.9.9' }, ['failed to allocate all requested IPs: 10.9.9.9']],
    ['that is none', { args: 'IP=10.1.2' }, ['invalid IP address 10.1.2']],
    ['with a leading zero', { args: 'IP=10.1.2.07' }, ['invalid IP address 10.1.2.07']],
    ['that is empty', { more: { runtimeConfig: { ips: [''] } } }, ['cannot understand ip: IP <nil> not v4 nor v6']],
    ['beside what is not known', { args: 'MAC=x;IP=10.1.2.9' }, ['ARGS: unknown args ["MAC=x"]']],
    ['in no pair', { args: 'IP=10.1.2.9;' }, ['ARGS: invalid pair ""']],
    [
      'beside a flag that is none',
      { args: 'IgnoreUnknown=maybe' },
      ['ARGS: error parsing value of pair "IgnoreUnknown=maybe": boolean unmarshal error: invalid input maybe'],
    ],
  ])('one %s', (_, asked, expected) => {
    expect(addresses(call('ADD', 'c0', oneRange, asked))).toEqual(expected);
  });

  test('one that is taken is not available, and nothing stays leased', () => {
    call('ADD', 'c0', oneRange);
    expect(addresses(call('ADD', 'c1', oneRange, { args: 'IP=10.1.2.2' }))).toEqual([
      'failed to allocate for range 0: requested IP address 10.1.2.2 is not available in range set 10.1.2.1-10.1.2.254',
    ]);
    expect(leases()).toEqual(['10.1.2.2']);
  });
});

describe('a configuration is refused', () => {
  const set = (...ranges: object[]) => ({ ranges: [ranges] });
  test.each<[object, string]>([
    [{}, 'no IP ranges specified'],
    [{ ranges: [[]] }, 'invalid range set 0: empty range set'],
    [set({}), 'invalid range set 0: IP <nil> not v4 nor v6'],
    [set({ subnet: '10.1.2.0' }), 'invalid CIDR address: 10.1.2.0'],
    [set({ subnet: '10.1.2.0/33' }), 'invalid CIDR address: 10.1.2.0/33'],
    [set({ subnet: '10.1.2.0/31' }), 'invalid range set 0: Network 10.1.2.0/31 too small to allocate from'],
    [set({ subnet: '2001:db8::/127' }), 'invalid range set 0: Network 2001:db8::/127 too small to allocate from'],
    [
      set({ subnet: '10.1.2.3/24' }),
      'invalid range set 0: Network has host bits set. For a subnet mask of length 24 the network address is 10.1.2.0',
    ],
    [
      set({ subnet: '10.1.2.0/24', rangeStart: '10.1.3.1' }),
      'invalid range set 0: RangeStart 10.1.3.1 not in network 10.1.2.0/24',
    ],
    [
      set({ subnet: '10.1.2.0/24', rangeEnd: '10.1.3.1' }),
      'invalid range set 0: RangeEnd 10.1.3.1 not in network 10.1.2.0/24',
    ],
    [
      set({ subnet: '10.1.2.0/24', rangeStart: '10.1.2.9', rangeEnd: '10.1.2.8' }),
      'invalid range set 0: RangeStart 10.1.2.9 not in network 10.1.2.0/24',
    ],
    [set({ subnet: '10.1.2.0/24' }, { subnet: '2001:db8::/64' }), 'invalid range set 0: mixed address families'],
    [
      set({ subnet: '10.1.0.0/16' }, { subnet: '10.1.2.0/24' }),
      'invalid range set 0: subnets 10.1.0.1-10.1.255.254 and 10.1.2.1-10.1.2.254 overlap',
    ],
    [{ ranges: [[{ subnet: '10.1.0.0/16' }], [{ subnet: '10.1.2.0/24' }]] }, 'range set 0 overlaps with 1'],
    [set({ subnet: '10.1.2.0/24', gateway: '10.1.2' }), 'invalid IP address: 10.1.2'],
    [
      { ranges: 'all' },
      'failed to load netconf: json: cannot unmarshal string into Go struct field NetConf.ipam.ranges of type slice',
    ],
    [{ ...oneRange, routes: [{ gw: '10.1.2.1' }] }, 'invalid CIDR address: '],
    [{ ...oneRange, routes: [{ dst: '::/0', gw: 'fe80::1%eth0' }] }, 'invalid IP address: fe80::1%eth0'],
  ])('%j', (ipam, msg) => {
    expect(call('ADD', 'c0', ipam).json).toMatchObject({ code: 999, msg });
  });

  test('that gives two addresses of a family, where the version of the result has room for one', () => {
    const ipam = { ranges: [[{ subnet: '10.1.2.0/24' }], [{ subnet: '10.1.3.0/24' }]] };
    expect(call('ADD', 'c0', ipam, { version: '0.2.0' }).json.msg).toBe(
      'CNI version 0.2.0 does not support more than 1 address per family',
    );
  });
});

describe('DEL, CHECK and STATUS', () => {
  test('DEL gives back what the container has, again and again, whatever the configuration', () => {
    call('ADD', 'c0', oneRange);
    call('ADD', 'c1', oneRange);
    expect(call('DEL', 'c0', { ranges: 'none' })).toMatchObject({ exitCode: 0, stdout: '' });
    expect(leases()).toEqual(['10.1.2.3']);
    expect(call('DEL', 'c0', {})).toMatchObject({ exitCode: 0, stdout: '' });
  });

  test('CHECK finds the lease', () => {
    const more = { prevResult: { cniVersion: '1.0.0', ips: [] } };
    call('ADD', 'c0', oneRange);
    expect(call('CHECK', 'c0', oneRange, { more })).toMatchObject({ exitCode: 0, stdout: '' });
    rmSync(join(dataDir, 'net', '10.1.2.2'));
    expect(call('CHECK', 'c0', oneRange, { more }).json.msg).toBe(
      'host-local: Failed to find address added by container c0',
    );
  });

  test.each([
    [oneRange, 0],
    [{}, 0],
    [{ ranges: [[{ subnet: 'all' }]] }, 1],
  ])('STATUS looks at the configuration %j, whose ranges may come with the ADD', (ipam, exitCode) => {
    expect(call('STATUS', '', ipam, { version: '1.1.0' })).toMatchObject({ exitCode });
  });

  test('STATUS of a full pool is what the policy says', () => {
    const single = { ranges: [[{ subnet: '10.1.2.0/24', rangeEnd: '10.1.2.2' }]] };
    const status = () => call('STATUS', '', single, { version: '1.1.0' });
    call('ADD', 'c0', single);
    expect(status()).toMatchObject({ exitCode: 0 });
    const plugin = bench.node.plugins.find('host-local');
    if (plugin === undefined) throw new Error('there is no host-local');
    vi.spyOn(bench.node.plugins, 'find').mockReturnValue({
      ...plugin,
      rights: { ...plugin.rights, fullPool: 'unavailable' },
    });
    expect(status().json).toMatchObject({ code: 50, msg: 'no IP addresses available in range set: 10.1.2.1-10.1.2.2' });
    call('DEL', 'c0', single);
    expect(status()).toMatchObject({ exitCode: 0 });
  });
});
