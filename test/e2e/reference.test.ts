import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NamespaceSnapshot } from '../../host/kernel/snapshot.ts';
import { eventually } from '../kernel/contract/world.ts';
import type { TestNamespace } from '../kernel/namespace.ts';
import { type Ended, Machine, missingReference, referenceBinaries } from './installation.ts';

/**
 * Both implementations side by side, each on a host of its own. What is masked is random or older in the reference that Debian has
 * (1.1.1, of 2022):
 *
 * - hardware addresses and names of host ends are random; so are link-local addresses, which are made of them;
 * - its veths have a transmit queue of length 0, by a quirk of its netlink library; ours have the kernel's 1000;
 * - it does not write `keep_addr_on_down`, and 1.9 does;
 * - its results have `dns: {}` in 1.0.0, which 1.9 leaves out;
 * - its errors have no details, where ours say how to find the call in the log;
 * - its lease files are readable by all; those of 1.9 by root alone.
 */
let ours: Machine;
let theirs: Machine;
beforeAll(() => {
  if (missingReference !== undefined) return;
  ours = new Machine();
  theirs = new Machine();
}, 60_000);
afterAll(() => {
  ours?.[Symbol.dispose]();
  theirs?.[Symbol.dispose]();
});

const sides = () => [
  { machine: ours, binaries: ours.binaries },
  { machine: theirs, binaries: referenceBinaries },
];

const network = (machine: Machine, ipam: object | undefined, more: object) => ({
  cniVersion: '1.0.0',
  name: 'net',
  type: 'bridge',
  bridge: 'cni0',
  ...(ipam === undefined ? {} : { ipam: { type: 'host-local', dataDir: machine.leases, ...ipam } }),
  ...more,
});
const v4 = { ranges: [[{ subnet: '10.1.0.0/24' }]] };
const dual = { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/64' }]] };

const fixed = (addresses: readonly object[], more: object = {}) => ({ type: 'static', addresses, ...more });
const fixedV4 = fixed([{ address: '10.1.0.5/24', gateway: '10.1.0.1' }]);
const fixedDual = fixed([
  { address: '10.1.0.5/24', gateway: '10.1.0.1' },
  { address: 'fd00:1::5/64', gateway: 'fd00:1::1' },
]);
const requested = 'IgnoreUnknown=1;IP=10.1.0.7/24,fd00:1::7/64;GATEWAY=10.1.0.9,fd00:1::9';

const settings = [
  'ipv4/conf/eth0/arp_notify',
  'ipv6/conf/eth0/accept_dad',
  'ipv6/conf/eth0/disable_ipv6',
  'ipv6/conf/lo/disable_ipv6',
  'ipv4/ip_forward',
  'ipv6/conf/all/forwarding',
  'ipv6/conf/cni0/accept_ra',
];

const cleanUp = [
  'ip link del cni0',
  'echo 0 > /proc/sys/net/ipv4/ip_forward',
  'echo 0 > /proc/sys/net/ipv6/conf/all/forwarding',
  'nft flush ruleset',
].join(';');

function mask(text: string, machine: Machine): unknown {
  const masked: unknown = JSON.parse(
    text
      .replaceAll(machine.directory, 'DIR')
      .replaceAll(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, 'MAC')
      .replaceAll(/veth[0-9a-f]{8}/g, 'VETH')
      .replaceAll(/CNI-[0-9a-f]{24}/g, 'CHAIN')
      .replaceAll(/fe80::[0-9a-f:]+/g, 'LINKLOCAL')
      .replaceAll(/\/[^"]*bulkhead-netns-[^"/]*\/net/g, 'NETNS'),
  );
  return sorted(masked);
}

/** Lists of objects in an order of their texts: that of their names was random. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted);
    return items.every((one) => typeof one === 'object' && one !== null && 'link' in one)
      ? items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)]));
}

function maskedSnapshot({ links, routes }: NamespaceSnapshot): unknown {
  return {
    routes,
    links: links.map(({ transmitQueueLength: _, ...link }) => link),
  };
}

/** All that an attachment leaves: links, addresses, routes and settings of host and container, and lease files. */
function stateOf(machine: Machine, container: TestNamespace): unknown {
  const read = (path: string) =>
    settings.map((key) => machine.run(path, `cat /proc/sys/net/${key} 2>/dev/null`).trim());
  const leases = join(machine.leases, 'net');
  const text = JSON.stringify({
    host: [maskedSnapshot(machine.snapshot()), read(machine.host.path)],
    container: [maskedSnapshot(machine.snapshot(container.path)), read(container.path)],
    ruleset: machine
      .ruleset()
      ?.map((one) => JSON.stringify(one))
      .sort(),
    leases: Object.fromEntries(filesIn(leases).map((name) => [name, readFileSync(join(leases, name), 'utf8')])),
  });
  return mask(text, machine);
}

function filesIn(directory: string): string[] {
  mkdirSync(directory, { recursive: true });
  return readdirSync(directory).sort();
}

function result({ status, stdout }: Ended, machine: Machine): unknown {
  if (stdout === '') return { status };
  const masked = mask(stdout, machine) as Record<string, unknown>;
  if (JSON.stringify(masked.dns) === '{}') delete masked.dns;
  if (status !== 0) delete masked.details;
  return { status, masked };
}

describe.skipIf(missingReference)('beside the reference plugins', () => {
  const configurations: readonly [string, object | undefined, object, (string | undefined)?][] = [
    ['on layer 2', undefined, {}],
    ['with an address', v4, {}],
    ['as the gateway', v4, { isGateway: true }],
    ['as the default gateway of both families', dual, { isDefaultGateway: true }],
    ['with masquerading', v4, { ipMasq: true, isGateway: true }],
    ['with masquerading of both families', dual, { ipMasq: true, isDefaultGateway: true }],
    ['with masquerading of an address by itself', fixed([{ address: '10.1.0.5/32' }]), { ipMasq: true }],
    ['with masquerading of a network of no whole bytes', fixed([{ address: '10.1.0.5/27' }]), { ipMasq: true }],
    ['with guarded hardware addresses', v4, { macspoofchk: true }],
    ['with guarded hardware addresses on layer 2', undefined, { macspoofchk: true }],
    ['with hairpin mode', v4, { hairpinMode: true }],
    ['with promiscuous mode', v4, { promiscMode: true }],
    ['with an MTU', v4, { mtu: 1400, isGateway: true }],
    ['with a MAC from args', v4, { args: { cni: { mac: '0a:00:00:00:00:07' } } }],
    ['with a MAC from CNI_ARGS', v4, {}, 'IgnoreUnknown=1;MAC=0a:00:00:00:00:08'],
    ['with a requested address', v4, { runtimeConfig: { ips: ['10.1.0.77'] } }],
    ['with an address from CNI_ARGS', v4, {}, 'IgnoreUnknown=1;IP=10.1.0.78'],
    [
      'with routes',
      { ...v4, routes: [{ dst: '10.9.0.0/16' }, { dst: '0.0.0.0/0', gw: '10.1.0.254' }] },
      { isGateway: true },
    ],
    [
      'with a range of a subnet',
      { ranges: [[{ subnet: '10.1.0.0/24', rangeStart: '10.1.0.40', rangeEnd: '10.1.0.41', gateway: '10.1.0.9' }]] },
      { isGateway: true },
    ],
    ['with the older form of a range', { subnet: '10.1.0.0/24' }, {}],
    ['with ranges at run time', {}, { runtimeConfig: { ipRanges: [[{ subnet: '10.7.0.0/24' }]] } }],
    ['with name servers', v4, { dns: { nameservers: ['10.1.0.1'], domain: 'x.test', search: ['y.test'] } }],
    ['in version 0.3.1', dual, { cniVersion: '0.3.1', isDefaultGateway: true }],
    ['in version 0.4.0', dual, { cniVersion: '0.4.0' }],
    ['in version 0.2.0', v4, { cniVersion: '0.2.0', isDefaultGateway: true }],
    ['with a fixed address', fixedV4, {}],
    ['with a fixed address without a gateway', fixed([{ address: '10.1.0.5/24' }]), { isGateway: true }],
    ['with fixed addresses of both families', fixedDual, { isDefaultGateway: true }],
    ['with several fixed addresses', fixed([{ address: '10.1.0.5/24' }, { address: '10.2.0.5/16' }]), {}],
    [
      'with a fixed address and routes',
      { ...fixedV4, routes: [{ dst: '10.9.0.0/16' }, { dst: '0.0.0.0/0', gw: '10.1.0.254' }] },
      { isGateway: true },
    ],
    ['with a fixed address and name servers', fixedV4, { dns: { nameservers: ['10.1.0.1'], options: ['ndots:5'] } }],
    ['with fixed addresses from CNI_ARGS', fixed([]), { isGateway: true }, requested],
    ['with fixed addresses from configuration and CNI_ARGS', fixedV4, {}, 'IgnoreUnknown=1;IP=10.2.0.7/24'],
    ['with a fixed address from args', fixedV4, { args: { cni: { ips: ['10.1.0.8/24'] } } }, requested],
    [
      'with fixed addresses at run time',
      fixedV4,
      { args: { cni: { ips: ['10.1.0.8/24'] } }, runtimeConfig: { ips: ['10.1.0.9/24', 'fd00:1::9/64'] } },
    ],
    ['with fixed addresses in version 0.3.1', fixedDual, { cniVersion: '0.3.1', isGateway: true }],
    ['with fixed addresses in version 0.2.0', fixedDual, { cniVersion: '0.2.0', isGateway: true }],
    ['with fixed addresses in version 0.1.0', fixedDual, { cniVersion: '0.1.0' }],
  ];

  test.each(configurations)(
    'a bridge %s comes to the same, and goes',
    (_, ipam, more, args) => {
      const states = sides().map(({ machine, binaries }) => {
        const container = machine.container();
        const call = { id: 'c1', netns: container.path, ifname: 'eth0', ...(args === undefined ? {} : { args }) };
        const config = network(machine, ipam, more);
        const added = machine.call('bridge', { ...call, verb: 'ADD' }, config, binaries);
        // Addresses of a bridge become usable when they have been found to be nobody else's.
        eventually(() => {
          const seen = JSON.stringify([machine.snapshot(), machine.snapshot(container.path)]);
          expect(seen).not.toContain('tentative');
        });
        const attached = stateOf(machine, container);
        const removed = machine.call('bridge', { ...call, verb: 'DEL' }, config, binaries);
        eventually(() => expect(machine.snapshot().links.find(({ name }) => name === 'cni0')?.state).not.toBe('up'));
        const left = stateOf(machine, container);
        machine.run(machine.host.path, cleanUp);
        machine.run(machine.host.path, `rm -rf ${machine.leases}`);
        return { added: result(added, machine), attached, removed: result(removed, machine), left };
      });
      expect(states[0]).toEqual(states[1]);
      expect(states[0]?.added).toMatchObject({ status: 0 });
    },
    60_000,
  );

  test.each([
    ['masquerading', { ipMasq: true, isGateway: true }],
    ['guarded hardware addresses', { macspoofchk: true }],
    ['both, and flags of the port', { ipMasq: true, macspoofchk: true, hairpinMode: true }],
  ])(
    'what one attached with %s the other finds right, and takes away',
    (_, more) => {
      const machine = ours;
      for (const [adding, removing] of [
        [machine.binaries, referenceBinaries],
        [referenceBinaries, machine.binaries],
      ] as const) {
        const container = machine.container();
        const call = { id: 'moved', netns: container.path, ifname: 'eth0' };
        const config = network(machine, dual, { ...more, cniVersion: '1.0.0' });
        const { json: prevResult, status } = machine.call('bridge', { ...call, verb: 'ADD' }, config, adding);
        expect(status).toBe(0);
        const checked = machine.call('bridge', { ...call, verb: 'CHECK' }, { ...config, prevResult }, removing);
        expect(checked).toMatchObject({ status: 0, stdout: '' });
        const removed = machine.call('bridge', { ...call, verb: 'DEL' }, { ...config, prevResult }, removing);
        expect(removed).toMatchObject({ status: 0 });
        const left = JSON.stringify(machine.ruleset());
        expect([left.includes('moved'), left.includes('CNI-'), left.includes('10.1.0.')]).toEqual([
          false,
          false,
          false,
        ]);
        expect(machine.leased('net')).toEqual([]);
        machine.call('bridge', { ...call, verb: 'DEL' }, config);
        machine.run(machine.host.path, cleanUp);
      }
    },
    60_000,
  );

  test('GC collects what the reference left, and keeps what is valid', () => {
    const machine = ours;
    const config = network(machine, dual, { ipMasq: true, cniVersion: '1.0.0' });
    const attached = ['gone', 'kept'].map((id) => {
      const container = machine.container();
      const call = { id, netns: container.path, ifname: 'eth0' };
      expect(machine.call('bridge', { ...call, verb: 'ADD' }, config, referenceBinaries)).toMatchObject({ status: 0 });
      return call;
    });
    const gc = (valid: unknown) =>
      machine.call('bridge', { verb: 'GC' }, { ...config, cniVersion: '1.1.0', 'cni.dev/valid-attachments': valid });
    expect(gc(undefined)).toMatchObject({ status: 0, stdout: '' });
    const before = machine.leased('net');
    expect(before).toHaveLength(4);
    expect(gc([{ containerID: 'kept', ifname: 'eth0' }])).toMatchObject({ status: 0, stdout: '' });
    const kept = machine.leased('net');
    expect(kept).toHaveLength(2);
    const rules = JSON.stringify(machine.ruleset());
    for (const address of before) expect(rules.includes(`"${address}"`)).toBe(kept.includes(address));
    expect(gc([])).toMatchObject({ status: 0, stdout: '' });
    expect(machine.leased('net')).toEqual([]);
    expect(JSON.stringify(machine.ruleset())).not.toMatch(/CNI-/);
    // The reference's fails where its chain is gone.
    for (const call of attached)
      expect(machine.call('bridge', { ...call, verb: 'DEL' }, config)).toMatchObject({ status: 0 });
    machine.run(machine.host.path, cleanUp);
  }, 60_000);

  test.each([
    ['a start outside the subnet', { ranges: [[{ subnet: '10.1.0.0/24', rangeStart: '10.2.0.1' }]] }, {}],
    ['overlapping ranges', { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: '10.1.0.0/25' }]] }, {}],
    ['a subnet with host bits', { ranges: [[{ subnet: '10.1.0.5/24' }]] }, {}],
    ['a subnet that is too small', { ranges: [[{ subnet: '10.1.0.0/31' }]] }, {}],
    ['no ranges', {}, {}],
    ['an empty range set', { ranges: [[]] }, {}],
    ['mixed families', { ranges: [[{ subnet: '10.1.0.0/24' }, { subnet: 'fd00::/64' }]] }, {}],
    ["an address that is no one's to give", { ...v4 }, { runtimeConfig: { ips: ['10.99.0.1'] } }],
    ["the gateway's address", { ...v4 }, { runtimeConfig: { ips: ['10.1.0.1'] } }],
    [
      'two addresses of a family in 0.2.0',
      { ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: '10.2.0.0/24' }]] },
      { cniVersion: '0.2.0' },
    ],
    ['an unknown version', v4, { cniVersion: '9.9.9' }],
    ['a bad name', v4, { name: 'a/b' }],
    ['no name', v4, { name: '' }],
    ['unknown arguments', v4, {}, 'X=1'],
    ['no fixed address', fixed([]), {}],
    ['a fixed address without a length', fixed([{ address: '10.1.0.5' }]), {}],
    ['a fixed address of too great a length', fixed([{ address: '10.1.0.5/33' }]), {}],
    ['a fixed address that is not there', fixed([{ gateway: '10.1.0.1' }]), {}],
    ['a gateway of a fixed address that is none', fixed([{ address: '10.1.0.5/24', gateway: '10.1.0' }]), {}],
    ['a route to nowhere', { ...fixedV4, routes: [{ dst: '10.9.0.0' }] }, {}],
    ['a route by no gateway', { ...fixedV4, routes: [{ dst: '10.9.0.0/16', gw: 'x' }] }, {}],
    ['an address without a length from CNI_ARGS', fixedV4, {}, 'IgnoreUnknown=1;IP=10.1.0.7'],
    ['a gateway from CNI_ARGS that is none', fixedV4, {}, 'IgnoreUnknown=1;IP=10.1.0.7/24;GATEWAY=10.1.0.1, x'],
    ['arguments that the bridge does not know', fixedV4, {}, 'IP=10.1.0.7/24'],
    ['an address without a length from args', fixedV4, { args: { cni: { ips: ['10.1.0.8'] } } }],
    ['an address without a length at run time', fixedV4, { runtimeConfig: { ips: ['10.1.0.9/24', '10.1.0.9'] } }],
    [
      'two fixed addresses of a family in 0.2.0',
      fixed([{ address: '10.1.0.5/24' }, { address: '10.1.0.6/24' }]),
      { cniVersion: '0.2.0' },
    ],
    ['no fixed address in 0.2.0', fixed([]), { cniVersion: '0.2.0' }],
  ] as readonly [string, object, object, string?][])(
    '%s is refused with the same words',
    (_, ipam, more, args) => {
      const errors = sides().map(({ machine, binaries }) => {
        const container = machine.container();
        const call = { id: 'c1', netns: container.path, ifname: 'eth0', ...(args === undefined ? {} : { args }) };
        const ended = machine.call('bridge', { ...call, verb: 'ADD' }, network(machine, ipam, more), binaries);
        machine.call('bridge', { ...call, verb: 'DEL' }, network(machine, v4, {}), binaries);
        return { status: ended.status, code: ended.json?.code, msg: ended.json?.msg };
      });
      // The reference that Debian has does not know 1.1.0, and lists what it knows.
      expect(errors[0]).toEqual(errors[1]);
      expect(errors[0]?.status).toBe(1);
    },
    30_000,
  );

  test.each([
    ['ours', 'theirs'],
    ['theirs', 'ours'],
  ])(
    'an attachment made by %s is checked and removed by %s',
    (maker) => {
      const machine = ours;
      const [first, second] =
        maker === 'ours' ? [machine.binaries, referenceBinaries] : [referenceBinaries, machine.binaries];
      const container = machine.container();
      const call = { id: 'cross', netns: container.path, ifname: 'eth0' };
      const config = network(machine, dual, { isDefaultGateway: true });
      const added = machine.call('bridge', { ...call, verb: 'ADD' }, config, first);
      expect(added).toMatchObject({ status: 0 });
      const checked = machine.call('bridge', { ...call, verb: 'CHECK' }, { ...config, prevResult: added.json }, second);
      expect(checked).toMatchObject({ status: 0, stdout: '' });
      expect(machine.call('bridge', { ...call, verb: 'DEL' }, config, second)).toMatchObject({ status: 0, stdout: '' });
      expect(machine.snapshot(container.path).links.map(({ name }) => name)).toEqual(['lo']);
      expect(machine.snapshot().links.map(({ name }) => name)).toEqual(['cni0', 'lo']);
      expect(machine.leased('net')).toEqual([]);
      expect(machine.call('bridge', { ...call, verb: 'DEL' }, config, first)).toMatchObject({ status: 0, stdout: '' });
      expect(machine.records()).toEqual([]);
    },
    30_000,
  );

  test('loopback comes to the same in every version that the reference gets right', () => {
    const outcomes = sides().map(({ machine, binaries }) => {
      const container = machine.container();
      const call = { id: 'c1', netns: container.path, ifname: 'lo' };
      const config = { cniVersion: '1.0.0', name: 'lo', type: 'loopback' };
      const state = () => mask(JSON.stringify(maskedSnapshot(machine.snapshot(container.path))), machine);
      const added = machine.call('loopback', { ...call, verb: 'ADD' }, config, binaries);
      const up = state();
      const removed = machine.call('loopback', { ...call, verb: 'DEL' }, config, binaries);
      return [result(added, machine), up, result(removed, machine), state()];
    });
    expect(outcomes[0]).toEqual(outcomes[1]);
  });

  const names = { nameservers: ['10.1.0.1'], domain: 'x.test', search: ['y.test'], options: ['ndots:5'] };
  const routes = [{ dst: '0.0.0.0/0' }, { dst: '10.9.0.0/16', gw: '10.1.0.254' }, { dst: '::/0', gw: 'fd00:1::9' }];
  test.each([
    ['ADD', 'addresses, routes and name servers', { ...fixedDual, routes, dns: names }],
    ['ADD', 'the same in version 0.4.0', { ...fixedDual, routes, dns: names }, { cniVersion: '0.4.0' }],
    ['ADD', 'the same in version 0.2.0', { ...fixedDual, routes, dns: names }, { cniVersion: '0.2.0' }],
    ['ADD', 'no addresses', fixed([])],
    ['ADD', 'what CNI_ARGS say', fixedV4, {}, 'IP=10.1.0.7/24, fd00:1::7/64;GATEWAY=fd00:1::9,10.1.0.9, 10.1.0.8'],
    ['ADD', 'what CNI_ARGS may not say', fixedV4, {}, 'IP=10.1.0.7/24;MAC=x'],
    ['ADD', 'no section of its own', { type: null, addresses: null }, { ipam: null }],
    ['CHECK', 'the right gateway', fixedV4, { prevResult: { ips: fixedDual.addresses } }],
    ['CHECK', 'another gateway', fixedV4, { prevResult: { ips: [{ address: '10.1.0.5/24', gateway: '10.1.0.2' }] } }],
    ['CHECK', 'no gateway', fixedV4, { prevResult: { ips: [{ address: '10.1.0.5/24' }] } }],
    ['CHECK', 'another length', fixedV4, { prevResult: { ips: [{ address: '10.1.0.5/16', gateway: '10.1.0.1' }] } }],
    ['CHECK', 'other addresses', fixedV4, { prevResult: { ips: [{ address: '10.1.0.6/24' }] } }],
    ['CHECK', 'no previous result', fixedV4],
    ['CHECK', 'a wrong address', fixed([{ address: 'x' }]), { prevResult: {} }],
    ['DEL', 'addresses', fixedV4],
    ['DEL', 'nonsense', fixed([{ address: 'x' }]), {}, 'IP=x'],
  ] as readonly [string, string, object, object?, string?][])(
    'static comes to the same by itself: %s, %s',
    (verb, _, ipam, more = {}, args = '') => {
      const outcomes = sides().map(({ machine, binaries }) => {
        const call = { verb, id: 'c1', netns: machine.container().path, ifname: 'eth0', args };
        const config = { cniVersion: '1.0.0', name: 'net', type: 'static', ipam, ...more };
        const ended = result(machine.call('static', call, config, binaries), machine);
        machine.call('static', { ...call, verb: 'DEL' }, config, binaries);
        return ended;
      });
      expect(outcomes[0]).toEqual(outcomes[1]);
    },
    30_000,
  );

  // The reference that Debian has does not know these fields; the one of 1.9 does the same with them.
  test('routes of static have their fields in the kernel', () => {
    const machine = ours;
    const container = machine.container();
    const call = { id: 'fields', netns: container.path, ifname: 'eth0' };
    const fields = { mtu: 1300, advmss: 1200, priority: 77, table: 100 };
    const config = network(
      machine,
      {
        ...fixed([{ address: '10.1.0.5/24' }]),
        routes: [
          { dst: '10.9.0.0/16', gw: '10.1.0.254', ...fields },
          { dst: '10.10.0.0/16', scope: 253 },
        ],
      },
      {},
    );
    const added = machine.call('bridge', { ...call, verb: 'ADD' }, config);
    expect(added).toMatchObject({ status: 0, json: { routes: [{ ...fields }, { scope: 253 }] } });
    expect(machine.run(container.path, 'ip route show table 100').trim()).toBe(
      '10.9.0.0/16 via 10.1.0.254 dev eth0 metric 77 mtu 1300 advmss 1200',
    );
    expect(machine.run(container.path, 'ip route show 10.10.0.0/16').trim()).toMatch(/ dev eth0 scope link$/);
    expect(machine.call('bridge', { ...call, verb: 'CHECK' }, { ...config, prevResult: added.json })).toMatchObject({
      status: 0,
    });
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, config)).toMatchObject({ status: 0, stdout: '' });
  }, 30_000);

  test('our bridge runs a delegate of the old kind, and theirs runs ours', () => {
    const machine = ours;
    const before = machine.records();
    const container = machine.container();
    const call = { id: 'mixed', netns: container.path, ifname: 'eth0' };
    const config = network(machine, v4, { isDefaultGateway: true });
    // Theirs finds our host-local in CNI_PATH.
    const environment = { ...call, path: `${machine.binaries}:${referenceBinaries}` };
    expect(machine.call('bridge', { ...environment, verb: 'ADD' }, config, referenceBinaries)).toMatchObject({
      status: 0,
    });
    expect(machine.call('bridge', { ...environment, verb: 'DEL' }, config, referenceBinaries)).toMatchObject({
      status: 0,
    });
    // Ours knows no plugin of type fixed, and executes the reference's static of that name.
    const legacyBinaries = join(machine.directory, 'legacy');
    mkdirSync(legacyBinaries);
    copyFileSync(join(referenceBinaries, 'static'), join(legacyBinaries, 'fixed'));
    machine.grant('bridge', '- delegate: { type: fixed, executable: any }');
    const old = network(machine, undefined, {
      ipam: { type: 'fixed', addresses: [{ address: '10.8.0.5/24', gateway: '10.8.0.1' }] },
      isGateway: true,
      bridge: 'cni8',
    });
    const legacy = { ...call, path: legacyBinaries };
    const added = machine.call('bridge', { ...legacy, verb: 'ADD' }, old);
    expect(added).toMatchObject({ status: 0, json: { ips: [{ address: '10.8.0.5/24', gateway: '10.8.0.1' }] } });
    expect(machine.call('bridge', { ...legacy, verb: 'DEL' }, old)).toMatchObject({ status: 0 });
    const nowhere = machine.call('bridge', { ...call, path: '/nonexistent', verb: 'ADD' }, old);
    expect(nowhere.json).toMatchObject({ msg: 'failed to find plugin "fixed" in path [/nonexistent]' });
    expect(machine.records()).toEqual(before);
  }, 30_000);
});
