import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip } from '../../../host/net/ip.ts';
import { type MacAddress, parseMac } from '../../../host/net/mac.ts';
import { type IpPrefix, parsePrefix } from '../../../host/net/prefix.ts';
import type { Door, LeaseRange, Operation } from '../../../host/operations/operation.ts';
import type { Access } from '../../../host/policy/access.ts';
import { grantsAny } from '../../../host/policy/decide.ts';
import { type Facts, granting, requestOf } from './policies.ts';

const prefix = (text: string) => parsePrefix(text) as IpPrefix;
const mac = (text: string) => parseMac(text) as MacAddress;
const range = (first: string, last: string): LeaseRange => ({ first: ip(first), last: ip(last), excluded: [] });
const digest = 'ab'.repeat(32);

const links: Facts['links'] = {
  'host 1': { name: 'lo', macs: [], created: false },
  'host 2': { name: 'br0', macs: ['02:00:00:00:00:02', '02:00:00:00:00:22'], created: false },
  'host 3': { name: 'veth1', macs: ['02:00:00:00:00:03'], created: true },
  'host 4': { name: 'br1', macs: ['02:00:00:00:00:04'], created: false },
  'host 5': { name: 'vethX', macs: [], created: false },
  'sandbox 1': { name: 'lo', macs: [], created: false },
  'sandbox 2': { name: 'eth0', macs: ['02:00:00:00:01:02'], created: true },
  'sandbox 3': { name: 'eth1', macs: ['02:00:00:00:01:03'], created: false },
};

const facts: Facts = {
  links,
  configuration: {
    bridge: 'br0',
    mtu: 1400,
    on: true,
    off: false,
    zero: 0,
    empty: '',
    nothing: null,
    star: '*',
    slashes: 'a/b',
    object: { key: 'br0' },
    list: ['br0', 'br1'],
    table: 100,
    vlan: 7,
    mac: '02-00-00-00-00-AA',
    path: '/etc/node.conf',
    ipam: {
      type: 'host-local',
      dataDir: '/var/lib/leases',
      subnet: '10.1.0.0/24',
      ranges: [[{ subnet: 'fd00::/64' }]],
    },
  },
  args: { MAC: '02:00:00:00:00:bb', STAR: '*' },
  leased: ['10.1.0.2/24', 'fd00::2/64'],
  gateways: ['10.1.0.1/24', 'fd00::1/64'],
  routes: [
    { destination: '10.5.0.0/16', gateway: '10.1.0.9' },
    { destination: '10.6.0.0/16' },
    { destination: '10.7.0.0/16', gateway: '10.1.0.1', table: 100 },
  ],
};
const request = requestOf(facts);
const isAllowed = (access: Access, ...items: string[]) => granting(...items).decide(access, request).allowed;

interface Row {
  /** One item of a policy. */
  readonly grant: string;
  readonly allows?: Readonly<Record<string, Access>>;
  readonly denies?: Readonly<Record<string, Access>>;
}

function check(rows: readonly Row[]): void {
  const cases = rows.flatMap(({ grant, allows = {}, denies = {} }) => [
    ...Object.entries(allows).map(([what, access]) => [grant, 'allows', what, access] as const),
    ...Object.entries(denies).map(([what, access]) => [grant, 'denies', what, access] as const),
  ]);
  test.each(cases)('%s %s %s', (grant, verdict, _, access) => {
    expect(isAllowed(access, grant)).toBe(verdict === 'allows');
  });
}

const veth = (more: object = {}, plan: object = {}, door: Door = 'sandbox'): Access =>
  ({
    kind: 'link.create',
    door,
    link: { name: 'eth0', plan: { kind: 'veth', peerDoor: 'host', ...plan }, ...more },
  }) as Access;
const bridge = (name: string, plan: object = {}, more: object = {}): Access =>
  ({ kind: 'link.create', door: 'host', link: { name, plan: { kind: 'bridge', ...plan }, ...more } }) as Access;

describe('kinds without arguments', () => {
  const inquiry = (kind: 'sandbox' | 'host' | 'log'): Access => ({ kind });
  check([
    {
      grant: '- sandbox',
      allows: { itself: inquiry('sandbox') },
      denies: { host: inquiry('host'), log: inquiry('log') },
    },
    { grant: '- host', allows: { itself: inquiry('host') }, denies: { sandbox: inquiry('sandbox') } },
    { grant: '- log', allows: { itself: inquiry('log') }, denies: { sandbox: inquiry('sandbox') } },
  ]);

  for (const kind of ['link.read', 'address.read', 'route.read'] as const) {
    check([
      {
        grant: `- ${kind}: { door: sandbox }`,
        allows: { 'the same door': { kind, door: 'sandbox' } },
        denies: {
          'the other door': { kind, door: 'host' },
          'another kind': { kind: kind === 'link.read' ? 'route.read' : 'link.read', door: 'sandbox' },
        },
      },
    ]);
  }
});

describe('a new link', () => {
  check([
    {
      grant: '- link.create: { door: host, kind: bridge, name: $config/bridge }',
      allows: { 'the one of the configuration': bridge('br0') },
      denies: {
        'another name': bridge('br1'),
        'another kind': { kind: 'link.create', door: 'host', link: { name: 'br0', plan: { kind: 'dummy' } } },
        'the other door': { kind: 'link.create', door: 'sandbox', link: { name: 'br0', plan: { kind: 'bridge' } } },
        'an MTU': bridge('br0', {}, { mtu: 1400 }),
        'VLAN filtering': bridge('br0', { vlanFiltering: true }),
        'VLAN filtering that is off': bridge('br0', { vlanFiltering: false }),
      },
    },
    {
      grant:
        '- link.create: { door: host, kind: [bridge, dummy], name: "br*", set: { mtu: $config/mtu, vlanFiltering: true } }',
      allows: {
        'a name of the pattern': bridge('br77'),
        'the pattern’s shortest name': bridge('br'),
        'the other kind': { kind: 'link.create', door: 'host', link: { name: 'br0', plan: { kind: 'dummy' } } },
        'the MTU': bridge('br0', {}, { mtu: 1400 }),
        'both settings': bridge('br0', { vlanFiltering: true }, { mtu: 1400 }),
      },
      denies: {
        'a name that only contains it': bridge('xbr0'),
        'another MTU': bridge('br0', {}, { mtu: 1401 }),
        'one good and one bad setting': bridge('br0', { vlanFiltering: false }, { mtu: 1400 }),
        'a setting that is not named': bridge('br0', {}, { transmitQueueLength: 1 }),
        'a hardware address': bridge('br0', {}, { mac: mac('02:00:00:00:00:01') }),
      },
    },
    {
      grant: '- link.create: { door: sandbox, kind: veth, name: $ifname, peer: { door: host } }',
      allows: { 'a pair with a drawn name': veth() },
      denies: {
        'a peer with a name': veth({}, { peerName: 'veth9' }),
        'a peer behind the other door': veth({}, { peerDoor: 'sandbox' }),
        'a pair from the host': veth({}, {}, 'host'),
        'an MTU of the peer': veth({}, { peerMtu: 1400 }),
        'another name': veth({ name: 'eth1' }),
      },
    },
    {
      grant:
        '- link.create: { door: sandbox, kind: veth, name: $ifname, peer: { door: host, name: "veth*" }, set: { peerMtu: 1400 } }',
      allows: {
        'a peer of the pattern': veth({}, { peerName: 'veth9' }),
        'a drawn name': veth(),
        'its MTU': veth({}, { peerMtu: 1400 }),
      },
      denies: { 'another name': veth({}, { peerName: 'cni0' }), 'another MTU': veth({}, { peerMtu: 1500 }) },
    },
    {
      grant: '- link.create: { door: sandbox, kind: veth, name: $ifname }',
      denies: { 'a pair, whose peer is not granted': veth() },
    },
    {
      grant:
        '- link.create: { door: sandbox, kind: veth, name: $ifname, peer: { door: host }, set: { mac: [$config/mac, $args/MAC] } }',
      allows: {
        'the address of the configuration, spelled otherwise': veth({ mac: mac('02:00:00:00:00:aa') }),
        'the address of CNI_ARGS': veth({ mac: mac('02:00:00:00:00:bb') }),
      },
      denies: { 'another address': veth({ mac: mac('02:00:00:00:00:cc') }) },
    },
  ]);
});

describe('a link that is changed', () => {
  const change = (index: number, what: object, door: Door = 'host'): Access =>
    ({ kind: 'link.change', door, index, change: what }) as Access;
  check([
    {
      grant: '- link.change: { door: host, link: br0, set: { up: true, mtu: [1400, 1500], alias: "*" } }',
      allows: {
        'one property': change(2, { up: true }),
        several: change(2, { up: true, mtu: 1500, alias: 'anything / at all' }),
        'an absent one': change(2, { up: undefined, mtu: 1400 }),
        nothing: change(2, {}),
      },
      denies: {
        'another value': change(2, { up: false }),
        'a value too much': change(2, { up: true, mtu: 1501 }),
        'a property that is not named': change(2, { promiscuous: true }),
        'a new name': change(2, { name: 'br0' }),
        'another link': change(4, { up: true }),
        'a link that is not there': change(9, { up: true }),
        'the same index behind the other door': change(2, { up: true }, 'sandbox'),
        'a hardware address': change(2, { mac: mac('02:00:00:00:00:02') }),
        'a controller': change(2, { controller: 0 }),
        'a property of all objects': change(2, { constructor: 1 }),
      },
    },
    {
      grant: '- link.change: { door: host, link: $created, set: { up: true } }',
      allows: { 'a link that this attachment made': change(3, { up: true }) },
      denies: {
        'one that it did not make': change(5, { up: true }),
        'one behind the other door that it made': change(2, { up: true }, 'sandbox'),
      },
    },
    {
      grant: '- link.change: { door: host, link: "veth*", set: { up: true } }',
      allows: { 'any of the pattern': change(5, { up: true }) },
      denies: { others: change(2, { up: true }) },
    },
    {
      grant: '- link.change: { door: host, link: $config/list, set: { up: true } }',
      allows: { 'the first of a list': change(2, { up: true }), 'the second': change(4, { up: true }) },
      denies: { others: change(3, { up: true }) },
    },
    {
      grant: '- link.change: { door: host, link: br0, set: { mac: $current } }',
      allows: {
        'the address that it has': change(2, { mac: mac('02:00:00:00:00:02') }),
        'the one that it had a moment ago': change(2, { mac: mac('02:00:00:00:00:22') }),
      },
      denies: { 'another one': change(2, { mac: mac('02:00:00:00:00:03') }) },
    },
    {
      grant: '- link.change: { door: host, link: lo, set: { mac: $current } }',
      denies: { 'an address, where it has none': change(1, { mac: mac('02:00:00:00:00:02') }) },
    },
    {
      grant: '- link.change: { door: host, link: $created, set: { controller: $config/bridge } }',
      allows: { 'the bridge of that name': change(3, { controller: 2 }) },
      denies: {
        'another bridge': change(3, { controller: 4 }),
        'no bridge': change(3, { controller: 0 }),
        'one that is not there': change(3, { controller: 77 }),
      },
    },
    {
      grant: '- link.change: { door: host, link: $created, set: { controller: none } }',
      allows: { 'taking it out': change(3, { controller: 0 }) },
      denies: { 'a bridge': change(3, { controller: 2 }) },
    },
    {
      grant: '- link.change: { door: sandbox, link: $ifname, set: { controller: $created, up: true } }',
      allows: { 'a controller that it made': change(2, { controller: 2, up: true }, 'sandbox') },
      denies: { 'one that it did not': change(2, { controller: 3, up: true }, 'sandbox') },
    },
    {
      grant: '- link.change: { door: host, link: br0, set: { controller: 4 } }',
      denies: { 'a controller by its number': change(2, { controller: 4 }) },
    },
  ]);
});

describe('a link that is moved or removed', () => {
  const move = (index: number, to: Door, name?: string, door: Door = 'host'): Access =>
    ({ kind: 'link.move', door, index, to, ...(name === undefined ? {} : { name }) }) as Access;
  check([
    {
      grant: '- link.move: { door: host, link: "veth*", to: sandbox }',
      allows: { it: move(3, 'sandbox') },
      denies: {
        'with a new name': move(3, 'sandbox', 'eth0'),
        'to where it is': move(3, 'host'),
        'another one': move(2, 'sandbox'),
        'from elsewhere': move(2, 'sandbox', undefined, 'sandbox'),
      },
    },
    {
      grant: '- link.move: { door: host, link: br0, to: sandbox, name: [$ifname, "x*"] }',
      allows: {
        'with the name of the interface': move(2, 'sandbox', 'eth0'),
        'with one of the pattern': move(2, 'sandbox', 'x1'),
        'with its own': move(2, 'sandbox'),
      },
      denies: { 'with another': move(2, 'sandbox', 'eth1') },
    },
    {
      grant: '- link.remove: { door: sandbox, link: $ifname }',
      allows: { 'the interface': { kind: 'link.remove', door: 'sandbox', index: 2 } },
      denies: {
        'another one': { kind: 'link.remove', door: 'sandbox', index: 3 },
        'the host’s': { kind: 'link.remove', door: 'host', index: 2 },
        'one that is not there': { kind: 'link.remove', door: 'sandbox', index: 9 },
      },
    },
  ]);
});

describe('a bridge port', () => {
  const port = (change: object, index = 3): Access => ({ kind: 'port.change', door: 'host', index, change }) as Access;
  const vlans = (first: number, last = first, kind = 'port.add-vlans', ...more: object[]): Access =>
    ({ kind, door: 'host', index: 3, vlans: [{ first, last, pvid: false, untagged: false }, ...more] }) as Access;
  check([
    {
      grant: '- port.change: { door: host, link: $created, set: { hairpin: $config/on } }',
      allows: { 'what the configuration says': port({ hairpin: true }) },
      denies: {
        'the contrary': port({ hairpin: false }),
        isolation: port({ hairpin: true, isolated: true }),
        'another’s port': port({ hairpin: true }, 5),
      },
    },
    {
      grant: '- port.change: { door: host, link: $created, set: { hairpin: $config/absent } }',
      denies: {
        'anything, where the configuration says nothing': port({ hairpin: true }),
        'also off': port({ hairpin: false }),
      },
    },
    {
      grant: '- port.add-vlans: { door: host, link: $created, vlans: ["2-10", "20", $config/vlan] }',
      allows: {
        'a range inside': vlans(3, 9),
        'the range itself': vlans(2, 10),
        'a single one': vlans(20),
        'that of a term': vlans(7),
      },
      denies: {
        'one below': vlans(1, 3),
        'one above': vlans(9, 11),
        'a range from the single one': vlans(20, 21),
        'a second one that is not granted': vlans(3, 3, 'port.add-vlans', { first: 30, last: 30 }),
        'removing them': vlans(3, 3, 'port.remove-vlans'),
        'what is no range at all': vlans(Number.NaN),
      },
    },
    {
      grant: '- port.remove-vlans: { door: host, link: $created, vlans: $config/vlan }',
      allows: { 'that of the term': vlans(7, 7, 'port.remove-vlans') },
      denies: { 'a range': vlans(7, 8, 'port.remove-vlans'), 'adding it': vlans(7) },
    },
    {
      grant: '- port.add-vlans: { door: host, link: $created, vlans: [all, "*"] }',
      denies: { 'words that are no ids': vlans(1) },
    },
  ]);
});

describe('an address', () => {
  const add = (text: string, door: Door = 'sandbox', index = 2): Access => ({
    kind: 'address.add',
    door,
    index,
    prefix: prefix(text),
  });
  const remove = (text: string): Access => ({ kind: 'address.remove', door: 'host', index: 2, prefix: prefix(text) });
  check([
    {
      grant: '- address.add: { door: sandbox, link: $ifname, prefix: $leased }',
      allows: { 'the leased one': add('10.1.0.2/24'), 'that of the other family': add('fd00::2/64') },
      denies: {
        'its neighbour': add('10.1.0.3/24'),
        'the same with another length': add('10.1.0.2/25'),
        'the same for the whole network': add('10.1.0.2/16'),
        'the gateway': add('10.1.0.1/24'),
        'another link': add('10.1.0.2/24', 'sandbox', 3),
        'the host': add('10.1.0.2/24', 'host'),
      },
    },
    {
      grant: '- address.add: { door: host, link: br0, prefix: $gateways }',
      allows: { 'the gateway': add('10.1.0.1/24', 'host'), 'of both families': add('fd00::1/64', 'host') },
      denies: { 'the container’s': add('10.1.0.2/24', 'host'), 'in the container': add('10.1.0.1/24') },
    },
    {
      grant: '- address.add: { door: sandbox, link: $ifname, prefix: [10.8.0.0/16, "fd08::/32"] }',
      allows: {
        'one inside': add('10.8.200.9/24'),
        'one of all of its length': add('10.8.0.1/16'),
        'a host’s': add('10.8.0.1/32'),
        'one of IPv6': add('fd08:0:1::1/64'),
      },
      denies: {
        'one outside': add('10.9.0.1/24'),
        'one whose network is larger': add('10.8.0.1/8'),
        'one of IPv6 outside': add('fd09::1/64'),
        'one that only looks like it': add('::ffff:10.8.0.1/120'),
      },
    },
    {
      grant: '- address.add: { door: sandbox, link: $ifname, prefix: 0.0.0.0/0 }',
      allows: { 'any of IPv4': add('192.0.2.1/24') },
      denies: { 'any of IPv6': add('fd00::1/64') },
    },
    {
      grant: '- address.add: { door: sandbox, link: $ifname, prefix: "*" }',
      denies: { anything: add('10.1.0.2/24') },
    },
    {
      grant: '- address.remove: { door: host, link: br0, prefix: ["::/0"] }',
      allows: { 'any of the family': remove('fd00::9/64') },
      denies: { 'the other family': remove('10.1.0.1/24'), 'adding it': add('fd00::9/64', 'host') },
    },
  ]);
});

describe('a route', () => {
  const route = (
    destination: string,
    more: { gateway?: string; table?: number; index?: number | undefined } = {},
  ): Access =>
    ({
      kind: 'route.add',
      door: 'sandbox',
      route: { index: 2, ...more, destination: prefix(destination), gateway: more.gateway && ip(more.gateway) },
    }) as Access;
  check([
    {
      grant:
        '- route.add: { door: sandbox, link: $ifname, destination: [$routes, default], gateway: [$gateways, none] }',
      allows: {
        'a given one': route('10.5.0.0/16', { gateway: '10.1.0.9' }),
        'a given one over the gateway': route('10.5.0.0/16', { gateway: '10.1.0.1' }),
        'one that was given without gateway': route('10.6.0.0/16'),
        'a given one with its table': route('10.7.0.0/16', { gateway: '10.1.0.1', table: 100 }),
        'main, by its number': route('10.6.0.0/16', { table: 254 }),
        'the default route': route('0.0.0.0/0', { gateway: '10.1.0.1' }),
        'that of IPv6': route('::/0', { gateway: 'fd00::1' }),
        'a default route without gateway': route('0.0.0.0/0'),
      },
      denies: {
        'one that was not given': route('10.8.0.0/16', { gateway: '10.1.0.1' }),
        'part of a given one': route('10.5.1.0/24', { gateway: '10.1.0.9' }),
        'a given one with the gateway of another': route('10.6.0.0/16', { gateway: '10.1.0.9' }),
        'a gateway in the network': route('0.0.0.0/0', { gateway: '10.1.0.7' }),
        'a given one in another table': route('10.5.0.0/16', { gateway: '10.1.0.9', table: 100 }),
        'a table’s in main': route('10.7.0.0/16', { gateway: '10.1.0.1' }),
        'the default route in another table': route('0.0.0.0/0', { gateway: '10.1.0.1', table: 100 }),
        'no default route, but of length 0': route('1.2.3.4/0', { gateway: '10.1.0.1' }),
        'another link': route('10.6.0.0/16', { index: 3 }),
        'no link': route('10.6.0.0/16', { index: undefined }),
        replacing: { ...route('10.6.0.0/16'), kind: 'route.replace' } as Access,
        removing: { ...route('10.6.0.0/16'), kind: 'route.remove' } as Access,
      },
    },
    {
      grant:
        '- route.add: { door: sandbox, link: $ifname, destination: 10.0.0.0/8, gateway: 10.1.0.0/24, table: [100, 101] }',
      allows: {
        'one inside, over an address inside': route('10.8.0.0/16', { gateway: '10.1.0.7' }),
        'a named table': route('10.8.0.0/16', { gateway: '10.1.0.7', table: 101 }),
        main: route('10.8.0.0/16', { gateway: '10.1.0.7', table: 254 }),
      },
      denies: {
        'one without gateway': route('10.8.0.0/16'),
        'a gateway outside': route('10.8.0.0/16', { gateway: '10.2.0.1' }),
        'a table between': route('10.8.0.0/16', { gateway: '10.1.0.7', table: 102 }),
        'the local table': route('10.8.0.0/16', { gateway: '10.1.0.7', table: 255 }),
        'a larger network': route('0.0.0.0/0', { gateway: '10.1.0.7' }),
        'another family': route('fd00::/64', { gateway: '10.1.0.7' }),
      },
    },
    {
      grant: '- route.add: { door: sandbox, link: $ifname, destination: 10.0.0.0/8 }',
      denies: { 'one without gateway, unless `none` is named': route('10.8.0.0/16') },
    },
    {
      grant: '- route.add: { door: sandbox, link: $ifname, destination: default, gateway: $leased }',
      allows: { 'a gateway in the leased network': route('0.0.0.0/0', { gateway: '10.1.0.7' }) },
      denies: { 'one outside': route('0.0.0.0/0', { gateway: '10.2.0.7' }) },
    },
  ]);
});

describe('a sysctl', () => {
  const read = (key: string, door: Door = 'sandbox'): Access => ({ kind: 'sysctl.read', door, key });
  const write = (key: string, value: string, door: Door = 'host'): Access => ({
    kind: 'sysctl.write',
    door,
    key,
    value,
  });
  check([
    {
      grant: '- sysctl.read: { door: sandbox, key: ["ipv4/conf/{$ifname}/*", ipv4/ip_forward] }',
      allows: { 'one of the link': read('ipv4/conf/eth0/arp_notify'), 'a named one': read('ipv4/ip_forward') },
      denies: {
        'another link’s': read('ipv4/conf/eth1/arp_notify'),
        'that of all': read('ipv4/conf/all/arp_notify'),
        'more segments': read('ipv4/conf/eth0/a/b'),
        'fewer segments': read('ipv4/conf/eth0'),
        'the way up': read('ipv4/conf/eth0/..'),
        'the place itself': read('ipv4/conf/eth0/.'),
        'one more slash': read('ipv4//ip_forward'),
        'the other door': read('ipv4/ip_forward', 'host'),
        'a beginning alike': read('ipv4/ip_forward_use_pmtu'),
        writing: write('ipv4/ip_forward', '1'),
      },
    },
    {
      grant: '- sysctl.write: { door: host, key: "ipv6/conf/{$created}/accept_ra", value: 0 }',
      allows: { 'that of a link of its own': write('ipv6/conf/veth1/accept_ra', '0') },
      denies: {
        'another value': write('ipv6/conf/veth1/accept_ra', '1'),
        'a value that begins alike': write('ipv6/conf/veth1/accept_ra', '0\n'),
        'another’s link': write('ipv6/conf/br0/accept_ra', '0'),
        'one that it made behind the other door': write('ipv6/conf/eth0/accept_ra', '0'),
        'another key': write('ipv6/conf/veth1/forwarding', '0'),
      },
    },
    {
      grant: '- sysctl.write: { door: host, key: "ipv6/conf/{$config/bridge}/*", value: ["0", 1] }',
      allows: {
        'numbers as texts': write('ipv6/conf/br0/accept_ra', '1'),
        'and texts': write('ipv6/conf/br0/accept_ra', '0'),
      },
      denies: { 'another value': write('ipv6/conf/br0/accept_ra', '2'), 'another link': write('ipv6/conf/br1/x', '1') },
    },
    {
      grant: '- sysctl.read: { door: sandbox, key: "ipv4/conf/{$config/star}/forwarding" }',
      denies: { 'any link, where the value is a star': read('ipv4/conf/eth0/forwarding') },
    },
    {
      grant: '- sysctl.read: { door: sandbox, key: "ipv4/{$config/slashes}/x" }',
      denies: { 'more segments, where the value has a slash': read('ipv4/a/b/x') },
    },
  ]);
});

describe('leases', () => {
  const at = (directory: string, kind: 'lease.read' | 'lease.release' = 'lease.read'): Access => ({ kind, directory });
  const reserve = (ranges: readonly LeaseRange[], address?: string, directory = '/var/lib/leases/pods'): Access => ({
    kind: 'lease.reserve',
    directory,
    pool: 0,
    ranges,
    ...(address === undefined ? {} : { address: ip(address) }),
  });
  check([
    {
      grant: '- lease.read: { dataDir: $config/ipam/dataDir }',
      allows: { 'the network’s': at('/var/lib/leases/pods') },
      denies: {
        'another network’s': at('/var/lib/leases/other'),
        'the directory of all': at('/var/lib/leases'),
        'one below': at('/var/lib/leases/x/pods'),
        'one elsewhere': at('/srv/pods'),
        releasing: at('/var/lib/leases/pods', 'lease.release'),
      },
    },
    {
      grant: '- lease.release: { dataDir: [/srv, "/var/*/leases"] }',
      allows: {
        'a named one': at('/srv/pods', 'lease.release'),
        'one of the pattern': at('/var/lib/leases/pods', 'lease.release'),
      },
      denies: { 'deeper ones': at('/var/lib/x/leases/pods', 'lease.release'), 'reading them': at('/srv/pods') },
    },
    {
      grant: '- lease.reserve: { dataDir: $config/ipam/dataDir, addresses: $subnets }',
      allows: {
        'a range of a network': reserve([range('10.1.0.1', '10.1.0.254')]),
        'ranges of both': reserve([range('10.1.0.5', '10.1.0.9'), range('fd00::1', 'fd00::ff')]),
        'an address': reserve([], '10.1.0.7'),
      },
      denies: {
        'a range that ends outside': reserve([range('10.1.0.1', '10.1.1.1')]),
        'one that begins outside': reserve([range('10.0.0.1', '10.1.0.1')]),
        'a second one outside': reserve([range('10.1.0.5', '10.1.0.9'), range('10.2.0.1', '10.2.0.1')]),
        'an address outside': reserve([], '10.2.0.7'),
        'an address outside of a good range': reserve([range('10.1.0.5', '10.1.0.9')], '10.2.0.7'),
        'another directory': reserve([], '10.1.0.7', '/srv/pods'),
      },
    },
  ]);

  // Both ends are granted, and what lies between is not.
  test('a range from one network to another is denied', () => {
    const item = '- lease.reserve: { dataDir: $config/ipam/dataDir, addresses: [10.1.0.0/24, 10.3.0.0/24] }';
    expect(isAllowed(reserve([range('10.1.0.1', '10.3.0.1')]), item)).toBe(false);
  });
});

describe('files and delegates', () => {
  const file = (path: string): Access => ({ kind: 'resolver.read', path });
  const delegate = (type: string, executable?: string): Access => ({ kind: 'delegate', type, verb: 'ADD', executable });
  check([
    {
      grant: '- resolver.read: { path: [$config/path, "/etc/resolv*.conf"] }',
      allows: {
        'the file of the configuration': file('/etc/node.conf'),
        'one of the pattern': file('/etc/resolv-x.conf'),
      },
      denies: {
        'another one': file('/etc/shadow'),
        'a way around': file('/etc/resolv/../shadow.conf'),
        'the same, spelled otherwise': file('/etc/./node.conf'),
        'one that begins alike': file('/etc/node.conf2'),
      },
    },
    {
      grant: '- resolver.read: { path: "/etc/*/resolv.conf" }',
      allows: { 'one directory between': file('/etc/pods/resolv.conf') },
      denies: { 'the way up': file('/etc/../resolv.conf'), 'two between': file('/etc/a/b/resolv.conf') },
    },
    {
      grant: '- delegate: { type: [host-local, "static*"] }',
      allows: { ours: delegate('host-local'), 'one of the pattern': delegate('static-ip') },
      denies: { another: delegate('dhcp'), 'an executable of the name': delegate('host-local', digest) },
    },
    {
      grant: `- delegate: { type: dhcp, executable: "sha256:${digest}" }`,
      allows: { 'the executable': delegate('dhcp', digest) },
      denies: {
        'another executable': delegate('dhcp', 'cd'.repeat(32)),
        'another name for it': delegate('host-local', digest),
        'one of ours': delegate('dhcp'),
      },
    },
    {
      grant: '- delegate: { type: dhcp, executable: any }',
      allows: { 'any executable of the name': delegate('dhcp', 'cd'.repeat(32)) },
      denies: { 'another name': delegate('dhcp2', digest), 'one of ours': delegate('dhcp') },
    },
  ]);
});

describe('terms', () => {
  const up: Access = { kind: 'link.change', door: 'host', index: 2, change: { up: true } };
  const named = (name: string): Access => bridge(name);
  test.each(['absent', 'empty', 'nothing', 'object', 'object/other', 'bridge/deeper'])(
    '$config/%s, which is nothing, grants nothing',
    (pointer) => {
      expect(isAllowed(up, `- link.change: { door: host, link: $config/${pointer}, set: { up: true } }`)).toBe(false);
      expect(isAllowed(named(''), `- link.create: { door: host, kind: bridge, name: $config/${pointer} }`)).toBe(false);
    },
  );

  test.each(['$config/star', '$args/STAR'])('%s, which is a star, is no pattern', (term) => {
    expect(isAllowed(up, `- link.change: { door: host, link: ${term}, set: { up: true } }`)).toBe(false);
    expect(isAllowed(up, `- link.change: { door: host, link: br0, set: { up: ${term} } }`)).toBe(false);
    expect(isAllowed(named('*'), `- link.create: { door: host, kind: bridge, name: ${term} }`)).toBe(true);
    expect(isAllowed({ kind: 'delegate', verb: 'ADD', type: 'dhcp' }, `- delegate: { type: ${term} }`)).toBe(false);
    expect(isAllowed({ kind: 'resolver.read', path: '/x' }, `- resolver.read: { path: ${term} }`)).toBe(false);
    expect(isAllowed({ kind: 'lease.read', directory: '/x/pods' }, `- lease.read: { dataDir: ${term} }`)).toBe(false);
  });

  test('nor is a value of a configuration read as a term', () => {
    const facing = requestOf({
      links,
      configuration: { bridge: '$created', name: '$ifname', mtu: '$config/other', other: 9 },
    });
    const decide = (access: Access, item: string) => granting(item).decide(access, facing).allowed;
    const change = (index: number): Access => ({ kind: 'link.change', door: 'host', index, change: { up: true } });
    expect(decide(change(3), '- link.change: { door: host, link: $config/bridge, set: { up: true } }')).toBe(false);
    expect(decide(bridge('eth0'), '- link.create: { door: host, kind: bridge, name: $config/name }')).toBe(false);
    expect(
      decide(
        bridge('x', {}, { mtu: 9 }),
        '- link.create: { door: host, kind: bridge, name: x, set: { mtu: $config/mtu } }',
      ),
    ).toBe(false);
  });

  test('$network and $ifname are those of the request', () => {
    expect(isAllowed(bridge('pods'), '- link.create: { door: host, kind: bridge, name: $network }')).toBe(true);
    expect(isAllowed(bridge('eth0'), '- link.create: { door: host, kind: bridge, name: $ifname }')).toBe(true);
  });

  test.each([
    ['$config/on', true],
    ['$config/bridge', true],
    ['[$config/off, $config/on]', true],
    ['$config/off', false],
    ['$config/zero', false],
    ['$config/empty', false],
    ['$config/absent', false],
    ['[$config/off, $config/absent]', false],
    ['$args/MAC', true],
    ['$args/absent', false],
  ])('`when: %s` lets it count: %s', (when, counts) => {
    expect(isAllowed({ kind: 'link.read', door: 'host' }, `- link.read: { when: ${when}, door: host }`)).toBe(counts);
  });
});

describe('decisions', () => {
  test('name the line of the first item that allows it', () => {
    const grants = granting('- log', '- link.read: { door: host }', '- link.read: { door: sandbox }', '- sandbox');
    expect(grants.decide({ kind: 'link.read', door: 'sandbox' }, request)).toEqual({ allowed: true, line: 9 });
    expect(grants.decide({ kind: 'sandbox' }, request)).toEqual({ allowed: true, line: 10 });
  });

  test('of several items none may be put together of parts', () => {
    const access: Access = { kind: 'link.change', door: 'host', index: 2, change: { up: true, mtu: 1400 } };
    const items = [
      '- link.change: { door: host, link: br0, set: { up: true } }',
      '- link.change: { door: host, link: br0, set: { mtu: 1400 } }',
    ];
    expect(isAllowed(access, ...items)).toBe(false);
  });

  test('name what is missing', () => {
    expect(granting().decide({ kind: 'host' }, request)).toEqual({ allowed: false, missing: '- host' });
    expect(
      granting().decide({ kind: 'link.change', door: 'host', index: 3, change: { controller: 2 } }, request),
    ).toEqual({
      allowed: false,
      missing: '- link.change: { door: host, link: veth1, set: { controller: br0 } }',
    });
  });

  test('an import is worth something where any of its kinds is granted', () => {
    const rules = [{ allow: 'link.read', line: 1 } as const];
    expect(grantsAny(rules, ['link.create', 'link.read'])).toBe(true);
    expect(grantsAny(rules, ['link.create'])).toBe(false);
    expect(grantsAny([], ['link.read'])).toBe(false);
  });
});

describe('what is suggested', () => {
  const door = fc.constantFrom<Door>('host', 'sandbox');
  const linkIndex = fc.constantFrom(1, 2, 3);
  const name = fc.stringMatching(/^[A-Za-z0-9_.:@-]{1,15}$/);
  const value = fc.oneof(
    fc.string({ minLength: 1, unit: 'grapheme' }),
    fc.constantFrom('true', '1', 'null', '0x1', '1e3', '~'),
  );
  const safeValue = value.filter((text) => !text.startsWith('$') && text !== '*');
  const hardware = fc.stringMatching(/^(02:)([0-9a-f]{2}:){4}[0-9a-f]{2}$/).map(mac);
  const ipv4 = fc.ipV4().map(ip);
  const ipv6 = fc.ipV6().map(ip);
  const address = fc.oneof(ipv4, ipv6);
  const prefixes = fc.oneof(
    fc.tuple(ipv4, fc.nat(32)).map(([one, length]) => prefix(`${one}/${length}`)),
    fc.tuple(ipv6, fc.nat(128)).map(([one, length]) => prefix(`${one}/${length}`)),
  );
  const settings = fc.record(
    { mtu: fc.nat(65_535), mac: hardware, transmitQueueLength: fc.nat(1000) },
    { requiredKeys: [] },
  );
  const path = fc.stringMatching(/^(\/[a-z0-9.-]{1,8}){1,4}$/);
  const key = fc.stringMatching(/^[a-z0-9]{1,6}(\/[a-z0-9_-]{1,8}){1,4}$/);

  const arbitrary: fc.Arbitrary<Access> = fc.oneof(
    fc.record({ kind: fc.constantFrom('sandbox' as const, 'host' as const, 'log' as const) }),
    fc.record({ kind: fc.constantFrom('link.read' as const, 'address.read' as const, 'route.read' as const), door }),
    fc.record({
      kind: fc.constant('link.create' as const),
      door,
      link: fc
        .tuple(
          name,
          settings,
          fc.oneof(
            fc.record(
              { kind: fc.constant('bridge' as const), vlanFiltering: fc.boolean() },
              { requiredKeys: ['kind'] },
            ),
            fc.record({ kind: fc.constantFrom('dummy' as const, 'ifb' as const) }),
            fc.record(
              { kind: fc.constant('veth' as const), peerDoor: door, peerName: name, peerMtu: fc.nat(9000) },
              { requiredKeys: ['kind', 'peerDoor'] },
            ),
          ),
        )
        .map(([own, more, plan]) => ({ name: own, ...more, plan })),
    }),
    fc.record({
      kind: fc.constant('link.change' as const),
      door,
      index: linkIndex,
      change: fc.record(
        {
          name,
          up: fc.boolean(),
          mtu: fc.nat(65_535),
          mac: hardware,
          controller: fc.constantFrom(0, 1, 2),
          alias: safeValue,
        },
        { requiredKeys: [] },
      ),
    }),
    fc.record(
      { kind: fc.constant('link.move' as const), door, index: linkIndex, to: door, name },
      { requiredKeys: ['kind', 'door', 'index', 'to'] },
    ),
    fc.record({ kind: fc.constant('link.remove' as const), door, index: linkIndex }),
    fc.record({
      kind: fc.constant('port.change' as const),
      door,
      index: linkIndex,
      change: fc.record({ hairpin: fc.boolean(), isolated: fc.boolean() }, { requiredKeys: [] }),
    }),
    fc.record({
      kind: fc.constantFrom('port.add-vlans' as const, 'port.remove-vlans' as const),
      door,
      index: linkIndex,
      vlans: fc.array(
        fc.tuple(fc.integer({ min: 1, max: 4094 }), fc.nat(9)).map(([first, more]) => ({
          ...{ first, last: first + more, pvid: false, untagged: false },
        })),
        { minLength: 1, maxLength: 3 },
      ),
    }),
    fc.record({
      kind: fc.constantFrom('address.add' as const, 'address.remove' as const),
      door,
      index: linkIndex,
      prefix: prefixes,
    }),
    fc.record({
      kind: fc.constantFrom('route.add' as const, 'route.replace' as const, 'route.remove' as const),
      door,
      route: fc.record(
        { destination: prefixes, index: linkIndex, gateway: address, table: fc.integer({ min: 1, max: 0xffff_ffff }) },
        { requiredKeys: ['destination', 'index'] },
      ),
    }),
    fc.record({ kind: fc.constant('sysctl.read' as const), door, key }),
    fc.record({ kind: fc.constant('sysctl.write' as const), door, key, value: safeValue }),
    fc.record({
      kind: fc.constantFrom('lease.read' as const, 'lease.release' as const),
      directory: path.map((one) => `${one}/pods`),
    }),
    fc.record({
      kind: fc.constant('lease.reserve' as const),
      directory: path.map((one) => `${one}/pods`),
      pool: fc.nat(3),
      ranges: fc.constant([]),
      address,
    }),
    fc.record({ kind: fc.constant('resolver.read' as const), path }),
    fc.record(
      {
        kind: fc.constant('delegate' as const),
        verb: fc.constant('ADD' as const),
        type: name,
        executable: fc.stringMatching(/^[0-9a-f]{64}$/),
      },
      { requiredKeys: ['kind', 'verb', 'type'] },
    ),
  ) as fc.Arbitrary<Access>;

  /** What the item could be confused with: the same kind, with one thing changed. */
  function* variations(access: Access): Generator<Access> {
    const one = access as Operation & Record<string, unknown>;
    for (const other of ['host', 'sandbox'])
      if ('door' in one && one.door !== other) yield { ...one, door: other } as Access;
    if ('index' in one) yield { ...one, index: one.index === 3 ? 2 : 3 } as Access;
    if (access.kind === 'link.create') {
      yield { ...access, link: { ...access.link, name: `${access.link.name}x` } };
      yield { ...access, link: { ...access.link, mtu: (access.link.mtu ?? 0) + 1 } };
    }
    if (access.kind === 'link.change') yield { ...access, change: { ...access.change, up: !access.change.up } };
    if (access.kind === 'sysctl.read') yield { ...access, key: `${access.key}/x` };
    if (access.kind === 'sysctl.write') yield { ...access, value: `${access.value}x` };
    if (access.kind === 'resolver.read') yield { ...access, path: `${access.path}x` };
    if (access.kind === 'delegate') {
      yield { ...access, type: `${access.type}x` };
      yield { ...access, executable: access.executable === undefined ? digest : undefined };
    }
    if ('route' in access) yield { ...access, route: { ...access.route, table: (access.route.table ?? 254) ^ 1 } };
    if ('directory' in access) yield { ...access, directory: `/x${access.directory}` };
  }

  test('is understood, and allows that very access and nothing beside it', () => {
    fc.assert(
      fc.property(arbitrary, (access) => {
        const { missing = '' } = granting().decide(access, request);
        expect(missing).toMatch(/^- [^\n]+$/);
        const grants = granting(missing);
        expect(grants.decide(access, request)).toEqual({ allowed: true, line: 7 });
        for (const other of variations(access)) expect(grants.decide(other, request).allowed).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('for a range of addresses', () => {
    fc.assert(
      fc.property(ipv4, ipv4, (first, last) => {
        const ranges = [{ first, last, excluded: [] }];
        const access: Access = { kind: 'lease.reserve', directory: '/d/pods', pool: 0, ranges };
        const { missing = '' } = granting().decide(access, request);
        expect(granting(missing).decide(access, request).allowed).toBe(true);
      }),
    );
  });

  // There is no way to write such a name literally.
  test.each<[string, Access, Access]>([
    ['a link', bridge('*'), bridge('br0')],
    ['a link', bridge('br*'), bridge('br0')],
    ['a link', bridge('$ifname'), bridge('eth0')],
    [
      'a value',
      { kind: 'link.change', door: 'host', index: 2, change: { alias: '*' } },
      { kind: 'link.change', door: 'host', index: 2, change: { alias: 'x' } },
    ],
    ['a file', { kind: 'resolver.read', path: '/etc/*' }, { kind: 'resolver.read', path: '/etc/shadow' }],
    ['a delegate', { kind: 'delegate', verb: 'ADD', type: '*' }, { kind: 'delegate', verb: 'ADD', type: 'dhcp' }],
    [
      'a sysctl',
      { kind: 'sysctl.read', door: 'host', key: 'ipv4/*' },
      { kind: 'sysctl.read', door: 'host', key: 'ipv4/ip_forward' },
    ],
  ])('for %s whose name is a pattern does not allow what the pattern stands for', (_, odd, other) => {
    const { missing } = granting().decide(odd, request);
    if (missing === undefined) return;
    let grants: ReturnType<typeof granting>;
    try {
      grants = granting(missing);
    } catch {
      return; // Not something that an operator could add by mistake.
    }
    expect(grants.decide(other, request).allowed).toBe(false);
  });
});
