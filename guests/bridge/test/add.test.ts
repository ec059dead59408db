import { ip } from 'bulkhead/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type MacAddress, parseMac } from '../../../host/net/mac.ts';
import { ipPrefix } from '../../../host/net/prefix.ts';
import { type Asked, Bench, buildComponents } from './bench.ts';

let components: readonly Uint8Array[];
let bench: Bench;
beforeAll(async () => {
  components = await buildComponents();
}, 60_000);
beforeEach(async () => {
  bench = await Bench.open(components);
});
afterEach(() => bench[Symbol.dispose]());

const bridge = (name = 'cni0') => bench.host.linkByName(name);
const eth0 = (container = 'a') => bench.container(container).linkByName('eth0');
/** The host's end of a container's cable. */
const port = (container = 'a') => {
  const details = eth0(container)?.details;
  return details?.kind === 'veth' ? bench.host.linkByIndex(details.peerIndex) : undefined;
};
const gatewayed = () => ({ isDefaultGateway: true, ...bench.ipam(['10.1.2.0/24']) });

describe('ADD without IPAM', () => {
  test('connects the container to the bridge, and everything is up', () => {
    const { json } = bench.call('ADD', 'a', {});
    expect(json).toEqual({
      cniVersion: '1.1.0',
      interfaces: [
        { name: 'cni0', mac: bridge()?.mac, mtu: 1500 },
        { name: port()?.name, mac: port()?.mac, mtu: 1500 },
        { name: 'eth0', mac: eth0()?.mac, mtu: 1500, sandbox: '/run/netns/a' },
      ],
    });
    expect(port()).toMatchObject({ controller: bridge()?.index, up: true, state: 'up' });
    expect(eth0()).toMatchObject({ up: true });
    expect(bridge()).toMatchObject({ up: true, kind: 'bridge' });
    expect(bench.host.readSysctl('ipv6/conf/cni0/accept_ra')).toBe('0');
    expect(bench.host.readSysctl(`ipv6/conf/${port()?.name}/accept_ra`)).toBe('0');
  });

  test('the result has the address of the port as it is in the end: udev gives a new one another', async () => {
    const mac = parseMac('02:00:00:00:00:99') as MacAddress;
    using other = await Bench.open(components, (stage, operation) => {
      if (stage !== 'applied' || operation.kind !== 'link.change' || operation.door !== 'sandbox') return;
      const [veth] = other.host.links().filter(({ kind }) => kind === 'veth');
      if (veth !== undefined) other.host.changeLink(veth.index, { mac });
    });
    const { json } = other.call('ADD', 'a', {});
    expect(json.interfaces[1].mac).toBe(mac);
    expect(other.call('CHECK', 'a', { prevResult: json })).toMatchObject({ exitCode: 0 });
  });

  test('a bridge that was there takes no router advertisements from containers either', () => {
    bench.host.createLink({ name: 'cni0', plan: { kind: 'bridge' } });
    bench.host.writeSysctl('ipv6/conf/cni0/accept_ra', '1');
    bench.call('ADD', 'a', {});
    expect(bench.host.readSysctl('ipv6/conf/cni0/accept_ra')).toBe('0');
  });

  test('a second container gets a port of the same bridge', () => {
    bench.call('ADD', 'a', {});
    bench.call('ADD', 'b', {});
    expect(port('b')?.controller).toBe(port('a')?.controller);
    expect(port('b')?.name).not.toBe(port('a')?.name);
  });

  test('the MTU goes to a new bridge and both ends, and not to a bridge that was there', () => {
    bench.call('ADD', 'a', { mtu: 1400 });
    expect([bridge()?.mtu, port()?.mtu, eth0()?.mtu]).toEqual([1400, 1400, 1400]);
    bench.call('ADD', 'b', { mtu: 1300 });
    expect([port('b')?.mtu, eth0('b')?.mtu]).toEqual([1300, 1300]);
    expect(bench.logged.filter((line) => line.startsWith('warn'))).toEqual([
      'warn: bridge: bridge cni0 was there before with an MTU of 1400, and does not get one of 1300',
    ]);
  });

  test('hairpin mode is the port’s, promiscuous mode the bridge’s', () => {
    bench.call('ADD', 'a', { bridge: 'hair', hairpinMode: true });
    expect(bench.host.bridgePort(port()?.index ?? 0)?.hairpin).toBe(true);
    expect(bridge('hair')?.promiscuous).toBe(false);
    bench.call('ADD', 'b', { bridge: 'prom', promiscMode: true });
    expect(bench.host.bridgePort(port('b')?.index ?? 0)?.hairpin).toBe(false);
    expect(bridge('prom')?.promiscuous).toBe(true);
  });

  test('isolated ports are so from the start, others are not', () => {
    bench.call('ADD', 'a', { portIsolation: true });
    bench.call('ADD', 'b', {});
    const isolated = (id: string) => bench.host.bridgePort(port(id)?.index ?? 0)?.isolated;
    expect([isolated('a'), isolated('b')]).toEqual([true, false]);
  });

  test('the interface of the container stays down where that is asked for', () => {
    expect(bench.call('ADD', 'a', { disableContainerInterface: true })).toMatchObject({ exitCode: 0 });
    expect(bench.container('a').linkByName('eth0')).toMatchObject({ up: false });
    expect(port()).toMatchObject({ up: true });
    expect(bench.call('DEL', 'a', { disableContainerInterface: true })).toMatchObject({ exitCode: 0 });
  });

  test('the container looks for duplicates of its addresses where that is asked for', () => {
    bench.call('ADD', 'a', { enabledad: true, ...bench.ipam(['2001:db8::/64']) });
    const setting = (name: string) => bench.container('a').readSysctl(`ipv6/conf/eth0/${name}`);
    expect([setting('accept_dad'), setting('enhanced_dad')]).toEqual(['1', '1']);
  });

  const [low, middle, high] = ['02:00:00:00:00:01', '02:00:00:00:00:02', '02-00-00-00-00-03'];
  test.each<[string, Asked, object, string]>([
    ['CNI_ARGS', { args: `MAC=${low}` }, {}, low],
    ['args', { args: `MAC=${low}` }, { args: { cni: { mac: middle } } }, middle],
    ['the runtime', {}, { args: { cni: { mac: middle } }, runtimeConfig: { mac: high } }, '02:00:00:00:00:03'],
  ])('the hardware address can come from %s', (_, asked, config, mac) => {
    expect(bench.call('ADD', 'a', config, asked).json.interfaces[2].mac).toBe(mac);
    expect(eth0()?.mac).toBe(mac);
  });

  test('what plugins before it made comes first in the result', () => {
    bench.container('a').createLink({ name: 'dummy0', plan: { kind: 'dummy' } });
    const prevResult = {
      cniVersion: '1.1.0',
      interfaces: [{ name: 'dummy0', sandbox: '/run/netns/a' }],
      ips: [{ address: '10.9.9.9/24', interface: 0 }],
      dns: { nameservers: ['10.9.9.53'] },
    };
    const { json } = bench.call('ADD', 'a', { prevResult, ...bench.ipam(['10.1.2.0/24']) });
    expect(json.interfaces.map(({ name }: { name: string }) => name)).toEqual(['dummy0', 'cni0', port()?.name, 'eth0']);
    expect(json.ips).toMatchObject([
      { address: '10.9.9.9/24', interface: 0 },
      { address: '10.1.2.2/24', interface: 3 },
    ]);
    expect(json.dns).toEqual({ nameservers: ['10.9.9.53'] });
  });
});

describe('ADD with IPAM', () => {
  test('containers reach the gateway, and each other', () => {
    expect(bench.call('ADD', 'a', gatewayed()).json).toMatchObject({
      ips: [{ address: '10.1.2.2/24', gateway: '10.1.2.1', interface: 2 }],
      routes: [{ dst: '0.0.0.0/0', gw: '10.1.2.1' }],
    });
    bench.call('ADD', 'b', gatewayed());
    expect(bench.kernel.echo(bench.container('a'), ip('10.1.2.1'))).toMatchObject({ kind: 'answered' });
    expect(bench.kernel.echo(bench.container('a'), ip('10.1.2.3'))).toMatchObject({ kind: 'answered' });
    expect(bench.host.readSysctl('ipv4/ip_forward')).toBe('1');
  });

  test('containers of two networks reach each other over the host', () => {
    bench.call('ADD', 'a', gatewayed());
    bench.call('ADD', 'b', { bridge: 'cni1', isDefaultGateway: true, ...bench.ipam(['10.1.3.0/24']), name: 'other' });
    expect(bench.kernel.echo(bench.container('a'), ip('10.1.3.2'))).toMatchObject({ kind: 'answered' });
  });

  test('IPv6 works where the container starts without it', () => {
    for (const name of ['all', 'default', 'lo']) {
      bench.container('a').writeSysctl(`ipv6/conf/${name}/disable_ipv6`, '1');
    }
    const config = { isDefaultGateway: true, ...bench.ipam(['10.1.2.0/24', '2001:db8::/64']) };
    expect(bench.call('ADD', 'a', config).json).toMatchObject({
      ips: [
        { address: '10.1.2.2/24', gateway: '10.1.2.1' },
        { address: '2001:db8::2/64', gateway: '2001:db8::1' },
      ],
      routes: [
        { dst: '0.0.0.0/0', gw: '10.1.2.1' },
        { dst: '::/0', gw: '2001:db8::1' },
      ],
    });
    expect(bench.kernel.echo(bench.container('a'), ip('2001:db8::1'))).toMatchObject({ kind: 'answered' });
    expect(bench.host.readSysctl('ipv6/conf/all/forwarding')).toBe('1');
    const setting = (key: string) => bench.container('a').readSysctl(key);
    expect(setting('ipv6/conf/eth0/keep_addr_on_down')).toBe('1');
    expect(setting('ipv6/conf/eth0/accept_dad')).toBe('0');
    expect(setting('ipv4/conf/eth0/arp_notify')).toBe('1');
    expect(setting('ipv6/conf/lo/disable_ipv6')).toBe('0');
  });

  test.each([
    ['no gateway', {}, {}, [{ address: '10.1.2.2/24', gateway: '10.1.2.1' }], undefined],
    [
      'routes of the IPAM plugin, by the gateway of the address where they name none',
      {},
      { routes: [{ dst: '192.168.0.0/16' }, { dst: '172.16.0.0/12', gw: '10.1.2.9', mtu: 1300 }] },
      [{ address: '10.1.2.2/24' }],
      [{ dst: '192.168.0.0/16' }, { dst: '172.16.0.0/12', gw: '10.1.2.9', mtu: 1300 }],
    ],
    [
      'a default route that has a gateway already',
      { isDefaultGateway: true },
      { routes: [{ dst: '0.0.0.0/0', gw: '10.1.2.254' }] },
      [{ address: '10.1.2.2/24' }],
      [{ dst: '0.0.0.0/0', gw: '10.1.2.254' }],
    ],
    ['a gateway without a default route', { isGateway: true }, {}, [{ gateway: '10.1.2.1' }], undefined],
  ])('%s', (_, config, ipam, ips, routes) => {
    const { json } = bench.call('ADD', 'a', { ...config, ...bench.ipam(['10.1.2.0/24'], ipam) });
    expect(json.ips).toMatchObject(ips);
    expect(json.routes).toEqual(routes);
  });

  test('routes keep their MTU, priority and table', () => {
    const routes = [{ dst: '192.168.0.0/16', mtu: 1300, priority: 7, table: 100 }];
    bench.call('ADD', 'a', bench.ipam(['10.1.2.0/24'], { routes }));
    expect(bench.container('a').routes({ table: 100 })).toMatchObject([
      { destination: '192.168.0.0/16', gateway: '10.1.2.1', mtu: 1300, priority: 7 },
    ]);
  });

  test('a route without a gateway is of the whole world, as the reference’s', () => {
    bench.call('ADD', 'a', bench.ipam(['fd00:1::/64'], { routes: [{ dst: '10.9.0.0/16' }] }));
    const routes = bench.container('a').routes({});
    expect(routes.filter(({ destination }) => destination === '10.9.0.0/16')).toMatchObject([{ scope: 0 }]);
  });

  test('the first route that cannot be is told, whatever is wrong with it', () => {
    const [away, mixed] = [
      { dst: '192.168.0.0/16', gw: '10.9.9.9' },
      { dst: '10.9.1.0/24', gw: 'fd00::1' },
    ];
    const messageOf = (routes: readonly object[]) =>
      bench.call('ADD', 'a', bench.ipam(['10.1.2.0/24'], { routes })).json.msg;
    expect(messageOf([away, mixed])).toMatch(/^failed to add route '192\.168\.0\.0\/16 .*network is unreachable/);
    expect(messageOf([mixed, away])).toMatch(/^failed to add route '10\.9\.1\.0\/24 .*not the same IP family$/);
  });

  test('the bridge keeps its hardware address when a port with a lower one comes', () => {
    bench.call('ADD', 'a', gatewayed());
    const mac = bridge()?.mac;
    const lower = bench.host.createLink({ name: 'low', plan: { kind: 'dummy' }, mac: parse('02:00:00:00:00:00') });
    bench.host.changeLink(lower.index, { controller: bridge()?.index ?? 0 });
    expect(bridge()?.mac).toBe(mac);
  });

  test.each([
    ['10.1.2.1/24', false, undefined],
    ['10.1.2.254/24', false, '"cni0" already has an IP address different from 10.1.2.1/24'],
    ['10.9.9.1/24', false, '"cni0" already has an IP address different from 10.1.2.1/24'],
    ['10.9.9.1/24', true, undefined],
    ['2001:db8::1/64', false, undefined],
  ])('a bridge with the address %s, forceAddress %s: %s', (address, forceAddress, conflict) => {
    const link = bench.host.createLink({ name: 'cni0', plan: { kind: 'bridge' } });
    bench.host.addAddress(link.index, prefix(address));
    const { json } = bench.call('ADD', 'a', { ...gatewayed(), forceAddress });
    expect(json.msg).toBe(conflict && `failed to set bridge addr: ${conflict}`);
    const kept = conflict !== undefined || !forceAddress;
    expect(bench.host.addresses(link.index).some(({ prefix: one }) => one === address)).toBe(kept);
    if (conflict !== undefined) expect(eth0()).toBeUndefined();
  });

  test.each([
    [{}, { nameservers: ['10.1.2.53'] }, { nameservers: ['10.1.2.53'] }],
    [{}, { domain: 'a.example', search: ['b.example'] }, { domain: 'a.example', search: ['b.example'] }],
    [{}, {}, undefined],
  ])('DNS of the configuration takes the place of the IPAM plugin’s %#', (ipam, dns, expected) => {
    expect(bench.call('ADD', 'a', { ...bench.ipam(['10.1.2.0/24'], ipam), dns }).json.dns).toEqual(expected);
  });

  test('the result has the shape of version 0.2.0', () => {
    expect(bench.call('ADD', 'a', gatewayed(), { version: '0.2.0' }).json).toEqual({
      cniVersion: '0.2.0',
      ip4: { ip: '10.1.2.2/24', gateway: '10.1.2.1', routes: [{ dst: '0.0.0.0/0', gw: '10.1.2.1' }] },
      dns: {},
    });
  });
});

describe('ADD fails, and leaves nothing behind', () => {
  test.each<[object, number, string, Asked?]>([
    [{ vlan: 4095 }, 999, 'invalid VLAN ID 4095 (must be between 0 and 4094)'],
    [{ vlan: -1 }, 999, 'invalid VLAN ID -1 (must be between 0 and 4094)'],
    [{ vlanTrunk: [{ minID: 0, maxID: 4 }] }, 999, 'incorrect trunk minID parameter'],
    [{ vlanTrunk: [{ minID: 4, maxID: 4095 }] }, 999, 'incorrect trunk maxID parameter'],
    [{ vlanTrunk: [{ minID: 4, maxID: 3 }] }, 999, 'minID is greater than maxID in trunk parameter'],
    [{ vlanTrunk: [{ minID: 4 }] }, 999, 'minID and maxID should be configured simultaneously, maxID is missing'],
    [{ vlanTrunk: [{ maxID: 4 }] }, 999, 'minID and maxID should be configured simultaneously, minID is missing'],
    [{ vlanTrunk: [{ id: 0 }] }, 999, 'incorrect trunk id parameter'],
    [{ ipMasq: true, ipMasqBackend: 'pf' }, 999, 'unknown ipmasq backend "pf"'],
    [
      { mtu: '1500' },
      999,
      'failed to load netconf: json: cannot unmarshal string into Go struct field NetConf.mtu of type int',
    ],
    [
      { mtu: 1500.5 },
      999,
      'failed to load netconf: json: cannot unmarshal number 1500.5 into Go struct field NetConf.mtu of type int',
    ],
    [
      { disableContainerInterface: true, ipam: { type: 'host-local', subnet: '10.1.2.0/24' } },
      999,
      'cannot use IPAM when DisableContainerInterface flag is set',
    ],
    [{ hairpinMode: true, promiscMode: true }, 999, 'cannot set hairpin mode and promiscuous mode at the same time'],
    [{ bridge: '' }, 999, 'failed to create bridge "": could not add "": LinkAttrs.Name cannot be empty'],
    [{ bridge: 'lo' }, 999, 'failed to create bridge "lo": "lo" already exists but is not a bridge'],
    [{}, 999, 'ARGS: unknown args ["A=B" "C=D"]', { args: 'A=B;C=D' }],
    [{}, 999, 'failed to make veth pair: address 02:00: invalid MAC address', { args: 'MAC=02:00' }],
    [{ ipam: { type: 'host-local' } }, 999, 'no IP ranges specified'],
  ])('%j', (config, code, msg, asked) => {
    bench.container('a');
    const before = bench.kernel.dump();
    expect(bench.call('ADD', 'a', config, asked).json).toMatchObject({ code, msg });
    expect(bench.kernel.dump()).toEqual(before);
  });

  test('features that are off are no obstacle', () => {
    const off = {
      vlan: 0,
      vlanTrunk: [],
      macspoofchk: false,
      ipMasq: false,
      enabledad: false,
      preserveDefaultVlan: true,
    };
    expect(bench.call('ADD', 'a', off)).toMatchObject({ exitCode: 0 });
  });

  test('the interface is there already', () => {
    bench.container('a').createLink({ name: 'eth0', plan: { kind: 'dummy' } });
    expect(bench.call('ADD', 'a', {}).json.msg).toMatch(/^container veth name \("eth0"\) already exists: /);
    expect(eth0()?.kind).toBe('dummy');
  });

  test('no address is free', () => {
    const ipam = bench.ipam([], {
      ranges: [[{ subnet: '10.1.2.0/24', rangeStart: '10.1.2.1', rangeEnd: '10.1.2.1' }]],
    });
    expect(bench.call('ADD', 'a', ipam).json.msg).toMatch(/no IP addresses available/);
    expect(eth0()).toBeUndefined();
  });
});

function prefix(text: string) {
  const [address = '', length] = text.split('/');
  return ipPrefix(ip(address), Number(length));
}

function parse(mac: string) {
  const parsed = parseMac(mac);
  if (parsed === undefined) throw new TypeError(mac);
  return parsed;
}
