import { expect, test } from 'vitest';
import { ip } from '../../../host/net/ip.ts';
import { ipPrefix } from '../../../host/net/prefix.ts';
import type { Access } from '../../../host/policy/access.ts';
import { deniedByVerb } from '../../../host/policy/verbs.ts';

const prefix = ipPrefix(ip('10.1.0.2'), 24);
const route = { destination: ipPrefix(ip('10.2.0.0'), 16) };
const range = { first: ip('10.1.0.1'), last: ip('10.1.0.9'), excluded: [] };
const vlans = [{ first: 2, last: 2, pvid: false, untagged: false }];

/** Each operation and inquiry, and the verbs that may do it. */
const table: readonly (readonly [string, Access, string])[] = [
  ['make a link', { kind: 'link.create', door: 'host', link: { name: 'a', plan: { kind: 'bridge' } } }, 'ADD'],
  ['set a link up', { kind: 'link.change', door: 'host', index: 1, change: { up: true } }, 'ADD'],
  ['set a link down', { kind: 'link.change', door: 'host', index: 1, change: { up: false } }, 'ADD DEL'],
  ['take a port out', { kind: 'link.change', door: 'host', index: 1, change: { controller: 0 } }, 'ADD DEL'],
  ['put a port in', { kind: 'link.change', door: 'host', index: 1, change: { controller: 5 } }, 'ADD'],
  ['change an MTU', { kind: 'link.change', door: 'host', index: 1, change: { up: false, mtu: 68 } }, 'ADD'],
  ['rename a link', { kind: 'link.change', door: 'host', index: 1, change: { name: 'b' } }, 'ADD'],
  ['move a link in', { kind: 'link.move', door: 'host', index: 1, to: 'sandbox' }, 'ADD'],
  ['move a link back', { kind: 'link.move', door: 'sandbox', index: 1, to: 'host' }, 'ADD DEL'],
  ['remove a link', { kind: 'link.remove', door: 'sandbox', index: 1 }, 'DEL'],
  ['change a port', { kind: 'port.change', door: 'host', index: 1, change: { hairpin: false } }, 'ADD'],
  ['add VLANs', { kind: 'port.add-vlans', door: 'host', index: 1, vlans }, 'ADD'],
  ['remove VLANs', { kind: 'port.remove-vlans', door: 'host', index: 1, vlans }, 'ADD DEL'],
  ['add an address', { kind: 'address.add', door: 'sandbox', index: 1, prefix }, 'ADD'],
  ['remove an address', { kind: 'address.remove', door: 'sandbox', index: 1, prefix }, 'ADD DEL'],
  ['add a route', { kind: 'route.add', door: 'sandbox', route } as Access, 'ADD'],
  ['replace a route', { kind: 'route.replace', door: 'sandbox', route } as Access, 'ADD'],
  ['remove a route', { kind: 'route.remove', door: 'sandbox', route } as Access, 'ADD DEL'],
  ['write a sysctl', { kind: 'sysctl.write', door: 'host', key: 'ipv4/ip_forward', value: '0' }, 'ADD'],
  ['lease an address', { kind: 'lease.reserve', directory: '/d', pool: 0, ranges: [range] }, 'ADD'],
  ['release a lease', { kind: 'lease.release', directory: '/d' }, 'DEL'],
  ['run ADD of a delegate', { kind: 'delegate', type: 'dhcp', verb: 'ADD' }, 'ADD'],
  ['run DEL of a delegate', { kind: 'delegate', type: 'dhcp', verb: 'DEL' }, 'ADD DEL GC'],
  ['run CHECK of a delegate', { kind: 'delegate', type: 'dhcp', verb: 'CHECK' }, 'CHECK'],
  ['run STATUS of a delegate', { kind: 'delegate', type: 'dhcp', verb: 'STATUS' }, 'STATUS'],
  ['enter the host', { kind: 'host' }, 'ADD DEL CHECK STATUS GC VERSION'],
  ['read links', { kind: 'link.read', door: 'host' }, 'ADD DEL CHECK STATUS GC VERSION'],
];

test.each(table)('who may %s', (_, access, allowed) => {
  const verbs = ['ADD', 'DEL', 'CHECK', 'STATUS', 'GC', 'VERSION'] as const;
  expect(verbs.filter((verb) => deniedByVerb(verb, access) === undefined).join(' ')).toBe(allowed);
});
