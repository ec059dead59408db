import { expect, test } from 'vitest';
import { compareVersions } from '../../host/conformance/check.ts';
import { shapeFaults } from '../../host/conformance/result-shape.ts';
import { matches, parseKnown } from '../../host/conformance/selection.ts';

const interfaces = [{ name: 'eth0', mac: '02:00:00:00:00:01', sandbox: '/run/netns/a' }];

test.each([
  ['0.2.0', false, { ip4: { ip: '10.1.0.2/24', gateway: '10.1.0.1', routes: [{ dst: '0.0.0.0/0' }] }, dns: {} }],
  ['0.3.1', false, { interfaces, ips: [{ version: '4', address: '10.1.0.2/24', interface: 0 }], dns: {} }],
  ['0.4.0', true, { ips: [{ version: '6', address: 'fd00::2/64', gateway: 'fd00::1' }] }],
  ['1.0.0', false, { interfaces, ips: [{ address: '10.1.0.2/24', interface: 0 }], routes: [{ dst: '::/0' }] }],
  ['1.1.0', false, { interfaces: [{ ...interfaces[0], mtu: 1500 }] }],
] as const)('a good result of %s has no faults (IPAM %s)', (version, ipam, result) => {
  expect(shapeFaults({ cniVersion: version, ...result }, { version, ipam })).toEqual([]);
});

test.each([
  ['another version', '1.0.0', { cniVersion: '0.4.0', interfaces }, 'cniVersion is "0.4.0"'],
  ['no version', '1.0.0', { cniVersion: undefined, interfaces }, 'cniVersion is undefined'],
  ['the form of later versions', '0.2.0', { interfaces }, 'neither ip4 nor ip6'],
  ['an address without length', '0.2.0', { ip4: { ip: '10.1.0.2' } }, 'ip4.ip is "10.1.0.2"'],
  ['an address of the other family', '0.2.0', { ip4: { ip: 'fd00::2/64' } }, 'ip4.ip is "fd00::2/64"'],
  ['no family', '0.3.1', { interfaces, ips: [{ address: '10.1.0.2/24' }] }, 'ips[0].version is undefined, not "4"'],
  [
    'a family too many',
    '1.0.0',
    { interfaces, ips: [{ version: '4', address: '10.1.0.2/24' }] },
    'ips[0] has a key version, which this version does not know',
  ],
  [
    'an index out of range',
    '1.0.0',
    { interfaces, ips: [{ address: '10.1.0.2/24', interface: 1 }] },
    'ips[0].interface is 1, of 1 interfaces',
  ],
  ['no interfaces', '1.0.0', {}, 'no interfaces'],
  ['a hardware address that is none', '1.0.0', { interfaces: [{ name: 'eth0', mac: 'x' }] }, 'interfaces[0].mac is x'],
  ['a route to nowhere', '1.0.0', { interfaces, routes: [{ dst: '10.0.0.0' }] }, 'routes[0].dst is "10.0.0.0"'],
  ['a length too great', '1.0.0', { interfaces, ips: [{ address: '10.1.0.2/33' }] }, 'ips[0].address is "10.1.0.2/33"'],
] as const)('%s is a fault', (_, version, result, fault) => {
  expect(shapeFaults({ cniVersion: version, ...result }, { version, ipam: false })).toContain(fault);
});

test('an IPAM plugin knows no interfaces', () => {
  const result = { cniVersion: '1.0.0', interfaces, ips: [{ address: '10.1.0.2/24', interface: 0 }] };
  expect(shapeFaults(result, { version: '1.0.0', ipam: true })).toEqual([
    'interfaces in the result of an IPAM plugin',
    'ips[0].interface in the result of an IPAM plugin',
  ]);
});

test('a pattern has stars and commas', () => {
  expect(['bridge-mtu', 'static-dns', 'bridge'].map((id) => matches(id, 'bridge-*, *-dns'))).toEqual([
    true,
    true,
    false,
  ]);
  expect(matches('bridge-mtu', 'bridge.mtu')).toBe(false);
});

test('a list has an id a line, and comments', () => {
  expect([...parseKnown('# all\n\nbridge-mtu # why\n static-dns \n')]).toEqual(['bridge-mtu', 'static-dns']);
});

test('versions are ordered by their numbers', () => {
  expect(['1.0.0', '0.10.0', '0.9.0'].toSorted(compareVersions)).toEqual(['0.9.0', '0.10.0', '1.0.0']);
});
