import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseMac } from '../../../host/net/mac.ts';
import { Bench, buildComponents } from './bench.ts';

let components: readonly Uint8Array[];
let bench: Bench;
beforeAll(async () => {
  components = await buildComponents();
}, 60_000);
beforeEach(async () => {
  bench = await Bench.open(components);
});
afterEach(() => bench[Symbol.dispose]());

const otherMac = parseMac('02:00:00:00:00:99') ?? expect.unreachable();
const eth0 = (container = 'a') => bench.container(container).linkByName('eth0');
const hostLinks = () =>
  bench.host
    .links()
    .map(({ name }) => name)
    .filter((name) => name !== 'lo');
const leases = () => readdirSync(join(bench.dataDir, 'net')).filter((name) => name.startsWith('10.'));
const addressed = () => ({
  isDefaultGateway: true,
  ...bench.ipam(['10.1.2.0/24'], { routes: [{ dst: '192.168.0.0/16' }] }),
});

describe('DEL', () => {
  const done = { exitCode: 0, stdout: '' };

  test('takes the cable away and gives the address back; the bridge stays', () => {
    bench.call('ADD', 'a', addressed());
    bench.call('ADD', 'b', addressed());
    expect(bench.call('DEL', 'a', addressed())).toMatchObject(done);
    expect(eth0('a')).toBeUndefined();
    expect(eth0('b')).toBeDefined();
    expect(hostLinks()).toHaveLength(2);
    expect(leases()).toEqual(['10.1.2.3']);
  });

  test('can be repeated, and comes before any ADD', () => {
    expect(bench.call('DEL', 'a', addressed())).toMatchObject(done);
    bench.call('ADD', 'a', addressed());
    expect(bench.call('DEL', 'a', addressed())).toMatchObject(done);
    expect(bench.call('DEL', 'a', addressed())).toMatchObject(done);
  });

  test.each([
    ['has no namespace any more', ''],
    ['has a namespace whose path is gone', '/run/netns/gone'],
  ])('gives the address back where the container %s', (_, netns) => {
    bench.call('ADD', 'a', addressed());
    expect(bench.call('DEL', 'a', addressed(), { netns })).toMatchObject(done);
    expect(leases()).toEqual([]);
  });

  test.each([
    ['settings that an ADD refuses', { vlan: 5, ipMasq: true, hairpinMode: true, promiscMode: true }],
    ['settings of the wrong type', { mtu: 'large', isGateway: 1 }],
  ])('does not mind %s', (_, more) => {
    bench.call('ADD', 'a', addressed());
    expect(bench.call('DEL', 'a', { ...addressed(), ...more }, { args: 'what=ever' }).json?.msg).toBe(undefined);
    expect(eth0()).toBeUndefined();
  });

  test('needs no IPAM plugin where the network has none', () => {
    bench.call('ADD', 'a', {});
    expect(bench.call('DEL', 'a', {})).toMatchObject(done);
    expect(hostLinks()).toEqual(['cni0']);
  });
});

describe('CHECK', () => {
  /** The result of an ADD as the runtime hands it back, changed in some way. */
  // biome-ignore lint/suspicious/noExplicitAny: results are changed in all kinds of ways
  const checked = (config: object, change: (result: any) => void = () => {}) => {
    const prevResult = bench.call('ADD', 'a', config).json;
    change(prevResult);
    return () => bench.call('CHECK', 'a', { ...config, prevResult });
  };
  const done = { exitCode: 0, stdout: '' };

  test.each([
    ['with addresses', () => addressed()],
    ['with IPv6', () => ({ isGateway: true, ...bench.ipam(['10.1.2.0/24', '2001:db8::/64']) })],
    ['with addresses that fill the network', () => bench.ipam([], { ranges: [[{ subnet: '10.1.2.0/30' }]] })],
    ['without addresses', () => ({})],
    ['in promiscuous mode', () => ({ promiscMode: true })],
  ])('finds all well after an ADD %s', (_, config) => {
    expect(checked(config())()).toMatchObject(done);
  });

  test('does not mind what plugins after it did', () => {
    bench.container('a').createLink({ name: 'dummy0', plan: { kind: 'dummy' } });
    const check = checked(addressed(), ({ interfaces, ips }) => {
      interfaces.push({ name: 'dummy0', sandbox: '/run/netns/a' }, { name: 'vhost0', socketPath: '/run/s' });
      ips.push({ address: '10.7.7.7/24', interface: 3 });
    });
    expect(check()).toMatchObject(done);
  });

  test('does not mind that a bridge without an address takes the hardware address of another port', () => {
    const check = checked({});
    for (let i = 0; i < 4; i++) bench.call('ADD', `other${i}`, {});
    expect(check()).toMatchObject(done);
  });

  const index = () => eth0()?.index ?? 0;
  const bridgeIndex = () => bench.host.linkByName('cni0')?.index ?? 0;
  const portIndex = () => bench.host.links().find(({ kind }) => kind === 'veth')?.index ?? 0;
  test.each<[string, () => void, string | RegExp]>([
    ['the bridge is gone', () => bench.host.removeLink(bridgeIndex()), 'Interface name cni0 not found'],
    ['the interface is gone', () => bench.container('a').removeLink(index()), 'Interface name eth0 not found'],
    [
      'the interface is another',
      () => {
        bench.container('a').removeLink(index());
        bench.container('a').createLink({ name: 'eth0', plan: { kind: 'dummy' } });
      },
      'Error: Container interface eth0 not of type veth',
    ],
    [
      'the interface has another hardware address',
      () => bench.container('a').changeLink(index(), { mac: otherMac }),
      /^Interface eth0 Mac [0-9a-f:]{17} doesn't match container Mac: [0-9a-f:]{17}$/,
    ],
    [
      'the bridge has another hardware address',
      () => bench.host.changeLink(bridgeIndex(), { mac: otherMac }),
      /^Bridge interface cni0 Mac doesn't match: /,
    ],
    [
      'the port is no port any more',
      () => bench.host.changeLink(portIndex(), { controller: 0 }),
      'CNI veth created for bridge cni0 was not found',
    ],
    [
      'the address is gone',
      () => bench.container('a').removeAddress(index(), addressOf()),
      'Failed to match addr 10.1.2.2/24 on interface eth0',
    ],
    [
      'the network route is gone',
      () => bench.container('a').removeRoute(routeTo('10.1.2.0/24')),
      'Failed to find Gateway 10.1.2.1 for interface eth0',
    ],
    [
      'a route is gone',
      () => bench.container('a').removeRoute(routeTo('192.168.0.0/16')),
      'Expected Route {Dst:192.168.0.0/16 GW:<nil>} not found in routing table',
    ],
    [
      'the default route is gone',
      () => bench.container('a').removeRoute(routeTo('0.0.0.0/0')),
      'Expected Route {Dst:0.0.0.0/0 GW:10.1.2.1} not found in routing table',
    ],
  ])('notices that %s', (_, damage, msg) => {
    const check = checked(addressed());
    damage();
    const { json } = check();
    expect(json.code).toBe(999);
    expect(json.msg).toMatch(msg);
  });

  // biome-ignore lint/suspicious/noExplicitAny: results are changed in all kinds of ways
  test.each<[string, (result: any) => void, string]>([
    ['the bridge', (result) => result.interfaces.shift(), 'CNI created bridge cni0 in host namespace was not found'],
    ['the port', ({ interfaces }) => interfaces.splice(1, 1), 'CNI veth created for bridge cni0 was not found'],
    ['the interface', (result) => result.interfaces.pop(), 'CNI created interface in container eth0 not found'],
    [
      'another sandbox',
      ({ interfaces }) => Object.assign(interfaces[2], { sandbox: '/run/netns/b' }),
      "Sandbox in prevResult /run/netns/b doesn't match configured netns: /run/netns/a",
    ],
  ])('a previous result that lacks, or names, %s is refused', (_, change, msg) => {
    const config = { promiscMode: false };
    expect(checked(config, change)().json.msg).toBe(msg);
  });

  test('passes on what the IPAM plugin finds', () => {
    const prevResult = bench.call('ADD', 'a', addressed()).json;
    expect(bench.call('CHECK', 'b', { ...addressed(), prevResult }).json.msg).toBe(
      'host-local: Failed to find address added by container b',
    );
  });

  const addressOf = () => bench.container('a').addresses(index())[0]?.prefix ?? expect.unreachable();
  const routeTo = (destination: string) =>
    bench
      .container('a')
      .routes()
      .find((route) => route.destination === destination) ?? expect.unreachable();
});

describe('STATUS', () => {
  test.each([
    ['a network without addresses', () => ({}), 0],
    ['a network whose IPAM plugin is well', () => addressed(), 0],
    ['a network whose IPAM plugin is not', () => bench.ipam(['all']), 1],
    ['a network whose IPAM plugin there is not', () => ({ ipam: { type: 'none' } }), 1],
  ])('of %s', (_, config, exitCode) => {
    expect(bench.call('STATUS', '', config())).toMatchObject({ exitCode });
  });
});
