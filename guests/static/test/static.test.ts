import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGuest, type Called, createMemoryKernel, makeTestNode, type TestNode } from 'bulkhead/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const directory = dirname(dirname(fileURLToPath(import.meta.url)));
let bench: TestNode;

beforeAll(async () => {
  const kernel = createMemoryKernel();
  kernel.addNamespace('/run/netns/c1');
  bench = await makeTestNode(kernel, [(await buildGuest({ directory })).component]);
}, 60_000);
afterAll(() => bench[Symbol.dispose]());

interface Asked {
  readonly version?: string | undefined;
  readonly args?: string;
  readonly more?: object;
}

/** A call with this `ipam` section. */
function call(verb: string, ipam: unknown, { version = '1.0.0', args = '', more = {} }: Asked = {}): Called {
  const environment = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: 'c1',
    CNI_NETNS: '/run/netns/c1',
    CNI_IFNAME: 'eth0',
    CNI_ARGS: args,
    CNI_PATH: '/opt/cni/bin',
  };
  return bench.call('static', environment, { cniVersion: version, name: 'net', type: 'static', ipam, ...more });
}

const given = ({ json }: Called): string[] =>
  json.msg === undefined
    ? (json.ips ?? []).map(({ address, gateway }: { address: string; gateway?: string }) =>
        gateway === undefined ? address : `${address} via ${gateway}`,
      )
    : [json.msg];
const one = { addresses: [{ address: '10.1.2.3/24', gateway: '10.1.2.1' }] };
const dual = { addresses: [{ address: '10.1.2.3/24', gateway: '10.1.2.1' }, { address: '2001:db8::3/64' }] };
const two = { addresses: [{ address: '10.1.2.3/24' }, { address: '10.1.2.4/24' }] };

describe('ADD', () => {
  test('gives the configured addresses, routes and name servers', () => {
    const routes = [
      { dst: '0.0.0.0/0' },
      { dst: '192.168.0.0/16', gw: '10.1.2.9', mtu: 1400, advmss: 1300, priority: 5, table: 7, scope: 253 },
      { dst: '2001:db8:1::/48', gw: '2001:db8::1', scope: 0, table: 0 },
    ];
    const dns = { nameservers: ['10.1.2.53'], domain: 'a.example', search: ['b.example'], options: ['ndots:5'] };
    expect(call('ADD', { ...dual, routes, dns }).json).toEqual({
      cniVersion: '1.0.0',
      ips: [{ address: '10.1.2.3/24', gateway: '10.1.2.1' }, { address: '2001:db8::3/64' }],
      routes,
      dns,
    });
  });

  test.each<[string, object, string[]]>([
    [
      'in order, one twice',
      { addresses: [...one.addresses, ...two.addresses] },
      ['10.1.2.3/24 via 10.1.2.1', '10.1.2.3/24', '10.1.2.4/24'],
    ],
    [
      'in their usual spelling',
      { addresses: [{ address: '2001:DB8:0::0:3/64', gateway: '2001:DB8::0:1' }] },
      ['2001:db8::3/64 via 2001:db8::1'],
    ],
    [
      'with a gateway outside the network',
      { addresses: [{ address: '10.1.2.3/32', gateway: '169.254.1.1' }] },
      ['10.1.2.3/32 via 169.254.1.1'],
    ],
    [
      'with a gateway that is empty, or null',
      {
        addresses: [
          { address: '10.1.2.3/24', gateway: '' },
          { address: '10.1.3.3/24', gateway: null },
        ],
      },
      ['10.1.2.3/24', '10.1.3.3/24'],
    ],
    [
      'with a version, as old configurations have it',
      { addresses: [{ version: '4', address: '10.1.2.3/24' }] },
      ['10.1.2.3/24'],
    ],
    [
      'with keys in any case',
      { Addresses: [{ ADDRESS: '10.1.2.3/24', gateWay: '10.1.2.1' }] },
      ['10.1.2.3/24 via 10.1.2.1'],
    ],
    ['that are none', {}, []],
    ['that are null', { addresses: null, routes: null, dns: null }, []],
  ])('gives addresses %s', (_, ipam, expected) => {
    expect(given(call('ADD', ipam))).toEqual(expected);
  });

  const versions: readonly [string | undefined, object][] = [
    ['0.1.0', { ip4: { ip: '10.1.2.3/24', gateway: '10.1.2.1' }, ip6: { ip: '2001:db8::3/64' } }],
    ['0.2.0', { ip4: { ip: '10.1.2.3/24', gateway: '10.1.2.1' }, ip6: { ip: '2001:db8::3/64' } }],
    ...['0.3.0', '0.3.1', '0.4.0'].map((version): [string, object] => [
      version,
      {
        ips: [
          { version: '4', address: '10.1.2.3/24', gateway: '10.1.2.1' },
          { version: '6', address: '2001:db8::3/64' },
        ],
      },
    ]),
    ...['1.0.0', '1.1.0'].map((version): [string, object] => [
      version,
      { ips: [{ address: '10.1.2.3/24', gateway: '10.1.2.1' }, { address: '2001:db8::3/64' }] },
    ]),
  ];
  test.each(versions)('answers in version %s', (version, expected) => {
    expect(call('ADD', dual, { version }).json).toMatchObject({ cniVersion: version, ...expected });
  });

  test.each(['0.1.0', '0.2.0'])('version %s has room for one address of a family', (version) => {
    const msg = `CNI version ${version} does not support more than 1 address per family`;
    expect(call('ADD', two, { version }).json).toMatchObject({ code: 999, msg });
    const args = 'IP=2001:db8::1/64,2001:db8::2/64';
    expect(call('ADD', {}, { version, args }).json).toMatchObject({ code: 999, msg });
    expect(call('ADD', {}, { version }).json.msg).toBe('cannot convert: no valid IP addresses');
  });
});

describe('addresses that the caller asks for', () => {
  const args = (ips: unknown) => ({ args: { cni: { ips } } });
  const runtime = (ips: unknown) => ({ runtimeConfig: { ips } });
  test.each<[string, object, Asked, string[]]>([
    [
      'in CNI_ARGS come after the configured',
      one,
      { args: 'IP=10.1.2.9/24' },
      ['10.1.2.3/24 via 10.1.2.1', '10.1.2.9/24'],
    ],
    ['in CNI_ARGS may be several', {}, { args: 'IP=10.1.2.9/24, 2001:db8::9/64' }, ['10.1.2.9/24', '2001:db8::9/64']],
    [
      'in CNI_ARGS have the gateways in whose networks they are',
      {},
      { args: 'IP=10.1.2.9/24,10.1.3.9/24,2001:db8::9/64;GATEWAY=2001:db8::1, 10.1.2.1,10.7.0.1' },
      ['10.1.2.9/24 via 10.1.2.1', '10.1.3.9/24', '2001:db8::9/64 via 2001:db8::1'],
    ],
    [
      'in CNI_ARGS have the last gateway of two',
      {},
      { args: 'GATEWAY=10.1.2.1,10.1.2.2;IP=10.1.2.9/24' },
      ['10.1.2.9/24 via 10.1.2.2'],
    ],
    ['leave the gateways of the configured alone', one, { args: 'GATEWAY=10.1.2.9' }, ['10.1.2.3/24 via 10.1.2.1']],
    ['may be said twice in CNI_ARGS: the last counts', {}, { args: 'IP=10.1.2.8/24;IP=10.1.2.9/24' }, ['10.1.2.9/24']],
    ['may be empty in CNI_ARGS', one, { args: 'IP=;GATEWAY=' }, ['10.1.2.3/24 via 10.1.2.1']],
    ['are beside what others use', {}, { args: 'IgnoreUnknown=1;K8S_POD_NAME=x;IP=10.1.2.9/24' }, ['10.1.2.9/24']],
    [
      'in args take the place of both',
      one,
      { args: 'IP=10.1.2.9/24;GATEWAY=10.1.2.1', more: args(['10.1.2.8/24']) },
      ['10.1.2.8/24'],
    ],
    [
      'by the runtime take the place of all',
      one,
      { more: { ...args(['10.1.2.8/24']), ...runtime(['10.1.2.7/24']) } },
      ['10.1.2.7/24'],
    ],
    ['take the place of what is none', { addresses: [{}] }, { more: runtime(['10.1.2.7/24']) }, ['10.1.2.7/24']],
    ['may be none', one, { more: { ...args([]), ...runtime([]) } }, ['10.1.2.3/24 via 10.1.2.1']],
    ['may be null', one, { more: { args: { cni: null }, runtimeConfig: null } }, ['10.1.2.3/24 via 10.1.2.1']],
    [
      'need a length in CNI_ARGS',
      one,
      { args: 'IP=10.1.2.9' },
      ["the 'ip' field is expected to be in CIDR notation, got: '10.1.2.9'"],
    ],
    [
      'end in no comma',
      {},
      { args: 'IP=10.1.2.9/24,' },
      ["the 'ip' field is expected to be in CIDR notation, got: ''"],
    ],
    [
      'need a length in args',
      one,
      { more: args(['10.1.2.8']) },
      ["an entry in the 'ips' field is NOT in CIDR notation, got: '10.1.2.8'"],
    ],
    [
      'need a length by the runtime',
      one,
      { more: runtime(['10.1.2.7/24', '10.1.2.8']) },
      ["an entry in the 'ips' field is NOT in CIDR notation, got: '10.1.2.8'"],
    ],
    ['are texts', one, { more: runtime([null]) }, ["an entry in the 'ips' field is NOT in CIDR notation, got: ''"]],
    [
      'have to be right where others count',
      one,
      { args: 'IP=x', more: runtime(['10.1.2.7/24']) },
      ["the 'ip' field is expected to be in CIDR notation, got: 'x'"],
    ],
    ['have gateways that are addresses', one, { args: 'GATEWAY=10.1.2.1, x' }, ['invalid gateway address:  x']],
    ['have no others beside them', one, { args: 'IP=10.1.2.9/24;MAC=x' }, ['ARGS: unknown args ["MAC=x"]']],
  ])('%s', (_, ipam, asked, expected) => {
    expect(given(call('ADD', ipam, asked))).toEqual(expected);
  });
});

describe('a configuration is refused', () => {
  const address = (text: unknown) => ({ addresses: [{ address: text }] });
  const notCidr = (text: string) => `the 'address' field is expected to be in CIDR notation, got: '${text}'`;
  const notOf = (found: string, key: string, type: string) =>
    `failed to load netconf: json: cannot unmarshal ${found} into Go struct field NetConf.ipam${key} of type ${type}`;
  test.each<[unknown, string]>([
    [undefined, "IPAM config missing 'ipam' key"],
    [null, "IPAM config missing 'ipam' key"],
    [[], notOf('array', '', 'object')],
    [address('10.1.2.3'), notCidr('10.1.2.3')],
    [address('10.1.2.3/33'), notCidr('10.1.2.3/33')],
    [address(' 10.1.2.3/24'), notCidr(' 10.1.2.3/24')],
    [address('10.1.2.03/24'), notCidr('10.1.2.03/24')],
    [address('fe80::1%eth0/64'), notCidr('fe80::1%eth0/64')],
    [address(undefined), notCidr('')],
    [{ addresses: [null] }, notCidr('')],
    [address(5), notOf('number 5', '.addresses.address', 'string')],
    [{ addresses: 'x' }, notOf('string', '.addresses', 'slice')],
    [{ addresses: [{ address: '10.1.2.3/24', gateway: '10.1.2' }] }, 'invalid IP address: 10.1.2'],
    [{ ...one, routes: [{ dst: '10.9.0.0' }] }, 'invalid CIDR address: 10.9.0.0'],
    [{ ...one, routes: [{ gw: '10.1.2.1' }] }, 'invalid CIDR address: '],
    [{ ...one, routes: [null] }, 'invalid CIDR address: '],
    [{ ...one, routes: [{ dst: '10.9.0.0/16', gw: 'x' }] }, 'invalid IP address: x'],
    [{ ...one, routes: [{ dst: '10.9.0.0/16', mtu: 'x' }] }, notOf('string', '.routes.mtu', 'int')],
    [{ ...one, dns: { search: 'x' } }, notOf('string', '.dns.search', 'slice')],
  ])('%j', (ipam, msg) => {
    expect(call('ADD', ipam).json).toMatchObject({ code: 999, msg });
  });
});

describe('CHECK', () => {
  const previous = (...ips: object[]) => ({ prevResult: { cniVersion: '1.0.0', ips } });
  const msg = 'static: Failed to match addr 10.1.2.3 on interface eth0';

  test.each<[string, object, object, string?]>([
    ['the address with its gateway', one, previous(...one.addresses)],
    ['the address with another gateway', one, previous({ address: '10.1.2.3/24', gateway: '10.1.2.2' }), msg],
    ['the address without its gateway', one, previous({ address: '10.1.2.3/24' }), msg],
    ['an address without a gateway, with one', two, previous({ address: '10.1.2.3/24', gateway: '10.1.2.1' })],
    ['other addresses', one, previous({ address: '10.1.2.4/24' }, { address: '2001:db8::3/64' })],
    ['no addresses', dual, previous()],
    ['nothing', one, {}, 'Required prevResult missing'],
    [
      'what is none',
      { addresses: [{ address: 'x' }] },
      previous(),
      "the 'address' field is expected to be in CIDR notation, got: 'x'",
    ],
  ])('of %s', (_, ipam, more, expected) => {
    const ended = call('CHECK', ipam, { more });
    if (expected === undefined) expect(ended).toMatchObject({ exitCode: 0, stdout: '' });
    else expect(ended.json).toMatchObject({ code: 999, msg: expected });
  });

  test('counts what the caller asks for', () => {
    const more = previous({ address: '10.1.2.9/24', gateway: '10.1.2.2' });
    expect(call('CHECK', {}, { more, args: 'IP=10.1.2.9/24;GATEWAY=10.1.2.2' }).exitCode).toBe(0);
    expect(call('CHECK', {}, { more, args: 'IP=10.1.2.9/24;GATEWAY=10.1.2.1' }).json.msg).toBe(
      'static: Failed to match addr 10.1.2.9 on interface eth0',
    );
  });
});

test.each([one, {}, null, { addresses: 'x' }])(
  'DEL succeeds, again and again, whatever the configuration: %j',
  (ipam) => {
    for (let i = 0; i < 2; i++) expect(call('DEL', ipam, { args: 'IP=x' })).toMatchObject({ exitCode: 0, stdout: '' });
  },
);

test.each<[unknown, string?]>([
  [dual],
  [{}],
  [null, "IPAM config missing 'ipam' key"],
  [{ addresses: [{ address: 'x' }] }, "the 'address' field is expected to be in CIDR notation, got: 'x'"],
  [{ ...one, routes: [{ dst: 'x' }] }, 'invalid CIDR address: x'],
])('STATUS looks at the configuration %j, whose addresses may come with the ADD', (ipam, msg) => {
  const ended = call('STATUS', ipam, { version: '1.1.0' });
  if (msg === undefined) expect(ended).toMatchObject({ exitCode: 0, stdout: '' });
  else expect(ended.json.msg).toBe(msg);
});
