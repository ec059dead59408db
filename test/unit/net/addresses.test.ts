import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIp, ip, ipBytes, ipFamily, parseIp } from '../../../host/net/ip.ts';
import { formatMac, macBytes, parseMac } from '../../../host/net/mac.ts';
import {
  ipPrefix,
  lastAddress,
  networkOf,
  parsePrefix,
  prefixAddress,
  prefixContains,
  prefixLength,
} from '../../../host/net/prefix.ts';

const bytes = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }));
const address = bytes.map(formatIp);
const anyPrefix = address.chain((each) =>
  fc.nat(ipFamily(each) === 4 ? 32 : 128).map((length) => ipPrefix(each, length)),
);

describe('IP addresses', () => {
  test('are read back from their bytes and from their text', () => {
    fc.assert(
      fc.property(bytes, (each) => {
        expect(ipBytes(formatIp(each))).toEqual(each);
        expect(parseIp(formatIp(each))).toBe(formatIp(each));
      }),
    );
  });

  test.each([
    ['FD00:0:0:0:0:0:0:1', 'fd00::1'],
    ['::', '::'],
    ['0:0:1:0:0:0:0:1', '0:0:1::1'],
    ['1.2.3.4', '1.2.3.4'],
    ['::ffff:1.2.3.4', '::ffff:102:304'],
  ])('%s is written %s, so that equal addresses are equal strings', (text, canonical) => {
    expect(parseIp(text)).toBe(canonical);
  });

  test.each(['', '1.2.3', '01.2.3.4', '1.2.3.256', '1.2.3.4 ', 'fe80::1%eth0', ':::', '1::2::3', 'g::', '0x1.2.3.4'])(
    '"%s" is none',
    (text) => {
      expect(parseIp(text)).toBeUndefined();
      expect(() => ip(text)).toThrow(TypeError);
    },
  );

  test('have 4 or 16 bytes', () => expect(() => formatIp(new Uint8Array(5))).toThrow(TypeError));
});

describe('prefixes', () => {
  test('keep their host bits, and are read back from their text', () => {
    fc.assert(
      fc.property(anyPrefix, (each) => {
        expect(parsePrefix(each)).toBe(each);
      }),
    );
    expect(parsePrefix('10.1.2.3/24')).toBe('10.1.2.3/24');
  });

  test('contain their address, their network and the last address of it', () => {
    fc.assert(
      fc.property(anyPrefix, (each) => {
        const members = [prefixAddress(each), prefixAddress(networkOf(each)), lastAddress(each)];
        for (const member of members) expect(prefixContains(each, member)).toBe(true);
        expect(networkOf(networkOf(each))).toBe(networkOf(each));
      }),
    );
  });

  test('contain exactly the addresses that have the same leading bits', () => {
    const bits = (each: Uint8Array) => [...each].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    fc.assert(
      fc.property(anyPrefix, address, (each, other) => {
        const sameFamily = ipFamily(prefixAddress(each)) === ipFamily(other);
        const length = prefixLength(each);
        const same = bits(ipBytes(prefixAddress(each))).slice(0, length) === bits(ipBytes(other)).slice(0, length);
        expect(prefixContains(each, other)).toBe(sameFamily && same);
      }),
    );
  });

  test.each([
    ['10.1.2.3/24', '10.1.2.0/24', '10.1.2.255'],
    ['10.1.2.3/0', '0.0.0.0/0', '255.255.255.255'],
    ['10.1.2.3/32', '10.1.2.3/32', '10.1.2.3'],
    ['fd00::1:2/112', 'fd00::1:0/112', 'fd00::1:ffff'],
  ])('%s has the network %s that ends with %s', (text, network, last) => {
    const prefix = parsePrefix(text) ?? expect.fail(text);
    expect([networkOf(prefix), lastAddress(prefix)]).toEqual([network, last]);
  });

  test.each([
    '10.0.0.1',
    '10.0.0.1/33',
    '10.0.0.1/-1',
    '10.0.0.1/08',
    '10.0.0.1/8/8',
    '/8',
    '::/129',
    '10.0.0.1/ 8',
    '10.0.0.1/',
  ])('"%s" is none', (text) => expect(parsePrefix(text)).toBeUndefined());

  test('have a length that their family has', () => {
    for (const length of [-1, 33, 1.5]) expect(() => ipPrefix(ip('10.0.0.1'), length)).toThrow(RangeError);
  });
});

describe('hardware addresses', () => {
  test('are read back from their bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (each) => {
        expect(macBytes(formatMac(each))).toEqual(each);
        expect(parseMac(formatMac(each).toUpperCase())).toBe(formatMac(each));
      }),
    );
  });

  test.each(['', '0a:58', '0a-58-0a-01-00-02', '0a:58:0a:01:00:0g', '0a:58:0a:01:00:02:03', 'a:58:0a:01:00:02'])(
    '"%s" is none',
    (text) => expect(parseMac(text)).toBeUndefined(),
  );

  test('have six bytes', () => expect(() => formatMac(new Uint8Array(5))).toThrow(TypeError));
});
