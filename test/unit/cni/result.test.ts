import { describe, expect, test } from 'vitest';
import { CniError } from '../../../host/cni/error.ts';
import { parseJson } from '../../../host/cni/json/parse.ts';
import type { Outcome } from '../../../host/cni/outcome.ts';
import { decodeResult, ResultError } from '../../../host/cni/result/decode.ts';
import { encodeResult } from '../../../host/cni/result/encode.ts';
import { type SpecVersion, supportedVersions } from '../../../host/cni/versions.ts';
import { ip } from '../../../host/net/ip.ts';
import { type IpPrefix, parsePrefix } from '../../../host/net/prefix.ts';

const prefix = (text: string) => parsePrefix(text) as IpPrefix;
const outcome: Outcome = {
  interfaces: [
    { name: 'cni0', mac: '0a:00:00:00:00:01', sandbox: '', mtu: 1500 },
    { name: 'eth0', mac: '0a:00:00:00:00:02', sandbox: '/run/netns/a', mtu: 1500 },
  ],
  addresses: [
    { prefix: prefix('10.1.2.3/24'), gateway: ip('10.1.2.1'), position: 1 },
    { prefix: prefix('fd00::3/64'), position: 1 },
  ],
  routes: [
    { destination: prefix('0.0.0.0/0'), gateway: ip('10.1.2.1') },
    { destination: prefix('fd01::/64'), priority: 5 },
  ],
  dns: { nameservers: ['10.1.2.1'], domain: 'x.test', search: [], options: [] },
};

const read = (value: unknown, version: string) =>
  decodeResult(parseJson(new TextEncoder().encode(JSON.stringify(value))), version);

describe('printing a result', () => {
  test('0.1.0 and 0.2.0 have one address per family, each with its routes', () => {
    expect(JSON.parse(encodeResult(outcome, '0.2.0'))).toEqual({
      cniVersion: '0.2.0',
      ip4: { ip: '10.1.2.3/24', gateway: '10.1.2.1', routes: [{ dst: '0.0.0.0/0', gw: '10.1.2.1' }] },
      ip6: { ip: 'fd00::3/64', routes: [{ dst: 'fd01::/64' }] },
      dns: { nameservers: ['10.1.2.1'], domain: 'x.test' },
    });
  });

  test('0.3.0 to 0.4.0 say the version of each address, and have dns always', () => {
    const { dns: _, ...rest } = outcome;
    expect(JSON.parse(encodeResult(rest, '0.4.0'))).toEqual({
      cniVersion: '0.4.0',
      interfaces: [
        { name: 'cni0', mac: '0a:00:00:00:00:01' },
        { name: 'eth0', mac: '0a:00:00:00:00:02', sandbox: '/run/netns/a' },
      ],
      ips: [
        { version: '4', interface: 1, address: '10.1.2.3/24', gateway: '10.1.2.1' },
        { version: '6', interface: 1, address: 'fd00::3/64' },
      ],
      routes: [
        { dst: '0.0.0.0/0', gw: '10.1.2.1' },
        { dst: 'fd01::/64', priority: 5 },
      ],
      dns: {},
    });
  });

  test('1.x sorts its keys, leaves out an empty dns, and has no newline at the end', () => {
    const { dns: _, ...rest } = outcome;
    expect(encodeResult({ ...rest, addresses: [], routes: [] }, '1.1.0')).toBe(
      `{
    "cniVersion": "1.1.0",
    "interfaces": [
        {
            "mac": "0a:00:00:00:00:01",
            "mtu": 1500,
            "name": "cni0"
        },
        {
            "mac": "0a:00:00:00:00:02",
            "mtu": 1500,
            "name": "eth0",
            "sandbox": "/run/netns/a"
        }
    ]
}`,
    );
  });

  test('1.0.0 does not say the MTU, which came with 1.1.0', () => {
    expect(encodeResult(outcome, '1.0.0')).not.toContain('mtu');
  });

  test.each(['0.1.0', '0.2.0'] as const)('%s has no words for a result without an address', (version) => {
    expect(() => encodeResult({ interfaces: [], addresses: [], routes: [] }, version)).toThrow(
      new CniError(999, 'cannot convert: no valid IP addresses'),
    );
  });
});

describe('reading a previous result', () => {
  test.each(supportedVersions)('%s: what was printed is read again', (version: SpecVersion) => {
    const again = decodeResult(parseJson(new TextEncoder().encode(encodeResult(outcome, version))), version);
    expect(encodeResult(again, version)).toBe(encodeResult(outcome, version));
  });

  test.each([
    [
      'another family',
      { cniVersion: '0.2.0' },
      '1.0.0',
      'result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is "0.2.0"',
    ],
    ['not an object', 5, '1.0.0', 'json: cannot unmarshal number into a CNI result'],
    ['a null entry', { ips: [null] }, '1.0.0', 'ips[0]: expected an object, got null'],
    ['an address without length', { ips: [{ address: '10.0.0.1' }] }, '1.0.0', 'invalid CIDR address: 10.0.0.1'],
    [
      'a bad gateway',
      { ips: [{ address: '10.0.0.1/8', gateway: 'x' }] },
      '0.4.0',
      'ips[0].gateway: invalid IP address: x',
    ],
    [
      'a gateway of the other family',
      { routes: [{ dst: '10.0.0.0/8', gw: 'fd00::1' }] },
      '1.1.0',
      'routes[0]: 10.0.0.0/8 and its gateway fd00::1 are of different families',
    ],
    [
      'a name that is a number',
      { interfaces: [{ name: 1 }] },
      '1.1.0',
      'interfaces[0].name: expected a string, got number',
    ],
    [
      'a negative position',
      { ips: [{ address: '10.0.0.1/8', interface: -1 }] },
      '1.1.0',
      'ips[0].interface: expected an unsigned integer',
    ],
  ])('%s', (_, value, version, message) => {
    expect(() => read(value, version)).toThrow(new ResultError(message));
  });

  test("without a version it is in the configuration's", () => {
    expect(read({ ips: [{ address: '10.0.0.1/8' }] }, '0.3.1').addresses).toEqual([{ prefix: '10.0.0.1/8' }]);
  });
});
