// What a hostile plugin says: names, numbers, addresses and keys, of which many are good, many are someone else's, and many are none.

import { Some, Tuple4, Tuple6, Tuple8 } from 'bulkhead-sdk/abi/values';
import { Configuration } from 'bulkhead-sdk/configuration';
import { below, next, once, oneOf } from 'guest/dice';
import { IpAddress, IpPrefix, MacAddress } from 'wit/net/types';

/** Names of links that are anywhere on the node; paths of sandboxes, its own first; files. */
let real: string[] = [];
let sandboxes: string[] = [];
let paths: string[] = [];
/** Of links that an answer has named. */
const indexes: u32[] = [1, 2, 3];

export function learnWords(config: Configuration): void {
  real = config.texts('links');
  sandboxes = config.texts('sandboxes');
  paths = config.texts('paths');
}

export function learnIndex(index: u32): void {
  if (indexes.includes(index)) return;
  if (indexes.length < 40) indexes.push(index);
  else indexes[below(40)] = index;
}

const granted: string[] = ['eth0', 'eth1', 'eth2', 'eth3', 'eth5', 'fz0', 'fz1', 'fz2'];
const odd: string[] = [
  '',
  '.',
  '..',
  '/',
  'lo',
  'all',
  'default',
  'eth/0',
  '../eth0',
  'eth0/..',
  'eth0 ',
  'eth0' + String.fromCharCode(0),
  String.fromCharCode(0),
  'eth0' + String.fromCharCode(0) + 'keep0',
  'eth0' + String.fromCharCode(10),
  'eth0' + String.fromCharCode(0x200b),
  String.fromCharCode(0x435) + 'th0',
  'eth' + String.fromCharCode(0xff10),
  'eth' + String.fromCharCode(0x661),
  'eth' + String.fromCharCode(0xd800),
  String.fromCharCode(0xdc00) + 'eth',
  'eth' + String.fromCharCode(0xd83d) + String.fromCharCode(0xde00),
  'e' + String.fromCharCode(0x301) + 'th0',
  'eth%d',
  'eth:1',
  'eth*',
  '$ifname',
  '{$created}',
  'abcdefghijklmno',
  'abcdefghijklmnop',
  'eth0123456789ab',
  'eth0123456789abc',
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
];

/** Of a link. */
export function name(): string {
  const kind = below(10);
  if (kind < 5) return oneOf(granted);
  if (kind < 7 && real.length > 0) return oneOf(real);
  if (once(100)) return 'eth' + 'x'.repeat(1 << (4 + below(14)));
  return oneOf(odd);
}

export function maybeName(times: u32 = 2): string | null {
  return once(times) ? null : name();
}

export function text(): string {
  const kind = below(8);
  if (kind < 4) return name();
  if (kind == 4) return '';
  if (kind == 5 && once(10)) return 'y'.repeat(1 << below(18));
  return 'a' + String.fromCharCode(below(0x10000)) + 'b' + String.fromCharCode(below(0x10000));
}

export function sandboxPath(): string {
  return once(6) || sandboxes.length == 0 ? name() : oneOf(sandboxes);
}

const edges: u32[] = [
  0, 1, 2, 67, 68, 127, 128, 253, 254, 255, 256, 1279, 1280, 1500, 9000, 65535, 65536, 0x7fffffff, 0x80000000,
  0xfffffffe, 0xffffffff,
];

export function number(): u32 {
  return once(4) ? next() : oneOf(edges);
}

export function maybeNumber(times: u32 = 2): Some<u32> | null {
  return once(times) ? null : new Some<u32>(number());
}

export function maybeByte(times: u32 = 2): Some<u8> | null {
  return once(times) ? null : new Some<u8>(<u8>number());
}

/** Of a link. */
export function index(): u32 {
  const kind = below(20);
  if (kind < 16) return oneOf(indexes);
  return kind < 18 ? below(30) : number();
}

/** Milliseconds to wait: hardly ever long. */
export function patience(): u32 {
  return once(2000) ? number() : below(2);
}

export function mac(): MacAddress {
  const kind = below(8);
  if (kind == 0) return new Tuple6<u8, u8, u8, u8, u8, u8>(0, 0, 0, 0, 0, 0);
  if (kind == 1) return new Tuple6<u8, u8, u8, u8, u8, u8>(255, 255, 255, 255, 255, 255);
  if (kind == 2) return new Tuple6<u8, u8, u8, u8, u8, u8>(1, 0, 94, 0, 0, <u8>next());
  return new Tuple6<u8, u8, u8, u8, u8, u8>(2, <u8>next(), <u8>next(), <u8>next(), <u8>next(), <u8>next());
}

export function maybeMac(times: u32 = 2): MacAddress | null {
  return once(times) ? null : mac();
}

function v4(a: u32, b: u32, c: u32, d: u32): IpAddress {
  return IpAddress.ipv4(new Tuple4<u8, u8, u8, u8>(<u8>a, <u8>b, <u8>c, <u8>d));
}

function v6(a: u32, b: u32, f: u32, g: u32, h: u32): IpAddress {
  return IpAddress.ipv6(
    new Tuple8<u16, u16, u16, u16, u16, u16, u16, u16>(<u16>a, <u16>b, 0, 0, 0, <u16>f, <u16>g, <u16>h),
  );
}

/** Of the addresses here, 10.99.0.0/24 and fd99::/64 are granted, 10.1.0.0/24 and fd00:1::/64 are other pods'. */
export function ip(): IpAddress {
  switch (below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return v4(10, 99, 0, below(8));
    case 5:
      return v4(10, 99, below(256), below(256));
    case 6:
    case 7:
      return v4(10, 1, 0, below(5));
    case 8:
      return v6(0xfd00, 1, 0, 0, below(5));
    case 9:
      return v6(0xfd99, 0, 0, 0, below(8));
    case 10:
      return v6(0, 0, 0xffff, once(2) ? 0x0a01 : 0x0a63, below(5));
    case 11:
      return oneOf<IpAddress>([v4(0, 0, 0, 0), v4(255, 255, 255, 255), v4(127, 0, 0, 1), v4(224, 0, 0, 1)]);
    case 12:
      return oneOf<IpAddress>([v6(0, 0, 0, 0, 0), v6(0, 0, 0, 0, 1), v6(0xff02, 0, 0, 0, 1), v6(0xfe80, 0, 0, 0, 1)]);
    case 13:
      return v4(192, 168, 77, below(4));
    case 14:
      return v6(next(), next(), next(), next(), next());
    default:
      return v4(next(), next(), next(), next());
  }
}

export function maybeIp(times: u32 = 2): IpAddress | null {
  return once(times) ? null : ip();
}

const lengths: u8[] = [0, 1, 8, 16, 23, 24, 24, 24, 25, 31, 32, 32, 33, 64, 64, 127, 128, 129, 255];

export function prefix(): IpPrefix {
  const made = new IpPrefix();
  made.address = ip();
  made.length = oneOf(lengths);
  return made;
}

const settings: string[] = [
  'arp_notify',
  'forwarding',
  'accept_ra',
  'disable_ipv6',
  'accept_dad',
  'rp_filter',
  'proxy_arp',
  'mtu',
  'stable_secret',
  '..',
  '.',
  '',
  'nothing',
];
const oddKeys: string[] = [
  '',
  '/',
  '.',
  '..',
  'ipv4',
  'ipv4/conf',
  'ipv4/ip_forward',
  'ipv6/conf/all/forwarding',
  'ipv4//ip_forward',
  '/ipv4/ip_forward',
  'ipv4/conf/eth0',
  'ipv4/conf/eth0/',
  'ipv4/conf/eth0/arp_notify/',
  'ipv4/conf/eth0/../keep0/arp_notify',
  'ipv4/conf/../ip_forward',
  'ipv4/conf/eth0/./arp_notify',
  'ipv4.conf.eth0.arp_notify',
  'ipv4/conf/eth0/arp_notify' + String.fromCharCode(0),
  'ipv4/conf/eth0' + String.fromCharCode(0) + '/arp_notify',
  'ipv4/conf/eth' + String.fromCharCode(0xd800) + '/arp_notify',
  '../kernel/hostname',
  '../../proc/sys/kernel/hostname',
  '/proc/sys/kernel/hostname',
  '../../../../../../etc/passwd',
  'ipv4/neigh/eth0/retrans_time',
  'ipv6/conf/default/disable_ipv6',
  'ipv4/conf/all/rp_filter',
  'core/somaxconn',
  'ipv4/tcp_rmem',
];

export function key(): string {
  const kind = below(10);
  if (kind < 3) return 'ipv4/conf/' + oneOf(granted) + '/arp_notify';
  if (kind < 7) return (once(2) ? 'ipv4' : 'ipv6') + '/conf/' + name() + '/' + oneOf(settings);
  if (once(100)) return 'ipv4/conf/' + 'x/'.repeat(1 << below(14));
  return oneOf(oddKeys);
}

const values: string[] = ['0', '1', '2', '-1', '', '1\n', '1\n0', ' 1', '1 1', 'x', '4294967296', '0x1', '01'];

export function value(): string {
  if (once(20)) return String.fromCharCode(0);
  if (once(20)) return '1' + String.fromCharCode(0);
  if (once(50)) return '1'.repeat(1 << below(18));
  return oneOf(values);
}

export function path(): string {
  const kind = below(6);
  if (kind < 3 && paths.length > 0) return oneOf(paths);
  if (kind == 3 && paths.length > 0) return oneOf(paths) + String.fromCharCode(below(3) == 0 ? 0 : 47);
  if (kind == 4 && once(20)) return '/' + 'p/'.repeat(1 << below(14));
  return oneOf<string>([
    '',
    '/',
    '.',
    '..',
    'resolv.conf',
    '/etc/shadow',
    '/etc/../etc/passwd',
    '/dev/zero',
    '/proc/self/environ',
    '/proc/self/mem',
    '/proc/self/fd/0',
    'file:///etc/passwd',
    '/etc/resolv.conf' + String.fromCharCode(0),
    '/' + String.fromCharCode(0xd800),
  ]);
}
