import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Instance, LoadedComponent } from '../../../host/engine/engine.ts';
import { type IpAddress, ip, parseIp } from '../../../host/net/ip.ts';
import { ipFromNumber, ipNumber } from '../../../host/net/number.ts';
import { ipPrefix, lastAddress, networkOf, prefixAddress, prefixContains } from '../../../host/net/prefix.ts';
import { amplyLimited, buildTestGuest, makeTestEngine, type TestEngine } from '../../contract/engines.ts';

const here = dirname(fileURLToPath(import.meta.url));
let engine: TestEngine;
let component: LoadedComponent;
let instance: Instance;

beforeAll(async () => {
  engine = makeTestEngine('v8');
  component = await engine.load(await buildInside());
}, 60_000);
afterAll(() => engine[Symbol.dispose]());

// Memory of a guest is never given back: an instance for each test, as for each call.
beforeEach(() => {
  instance = component.instantiate(imports, { ...amplyLimited, time: 60_000 });
});
afterEach(() => instance.close());

/** In a directory of its own, since bindings are written next to the guest. */
async function buildInside(): Promise<Uint8Array> {
  const directory = mkdtempSync(join(tmpdir(), 'sdk-'));
  try {
    cpSync(here, directory, { recursive: true });
    cpSync(join(here, '../../../wit/deps'), join(directory, 'wit/deps'), { recursive: true });
    return await buildTestGuest(directory, 'sdk');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

let left = '';
const imports = {
  'bulkhead:cni/exit@0.1.0': {
    fail: ({ code, message }: { code: number; message: string }) => {
      left = `${code} ${message}`;
      throw new Error('left');
    },
  },
};

/** Calls a function that succeeds. Memory is never given back, so instances are made anew now and then. */
let calls = 0;
function call(name: string, ...args: unknown[]): unknown {
  if (++calls % 2000 === 0) instance = component.instantiate(imports, { ...amplyLimited, time: 60_000 });
  return instance.call('test:sdk/inside@1.0.0', name, args);
}

/** Calls a function that fails; returns the code and the message that it leaves with. */
function failure(name: string, ...args: unknown[]): string {
  const doomed = component.instantiate(imports, amplyLimited);
  expect(() => doomed.call('test:sdk/inside@1.0.0', name, args)).toThrow();
  return left;
}

const isMapped = (address: IpAddress) => address.startsWith('::ffff:');
/** Without IPv4-mapped IPv6 addresses: guests take them for IPv4, as Go does. */
const anyIp: fc.Arbitrary<IpAddress> = fc
  .oneof(
    fc.ipV4().map(ip),
    fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((number) => ipFromNumber(number, 6)),
    fc.array(fc.constantFrom('0', '1', 'ffff'), { minLength: 8, maxLength: 8 }).map((groups) => ip(groups.join(':'))),
  )
  .filter((address) => !isMapped(address));
const family = (address: IpAddress) => (address.includes(':') ? 6 : 4);
const bits = (address: IpAddress) => (family(address) === 4 ? 32 : 128);
const anyPrefix = anyIp
  .chain((address) => fc.integer({ min: 0, max: bits(address) }).map((length) => ipPrefix(address, length)))
  .filter((prefix) => !isMapped(lastAddress(prefix)));

describe('addresses', () => {
  test.each([
    ['10.1.2.3', '10.1.2.3'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['64:ff9b::10.1.2.3', '64:ff9b::a01:203'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::FFFF:a01:203', '10.1.2.3'],
  ])('%s is %s', (text, canonical) => {
    expect(call('ip', text)).toBe(canonical);
  });

  test.each([
    ...['', '10', '10.1.2', '10.1.2.3.4', '10.1.2.256', '10.1.2.03', '10.1.2.-3', '10.1.2.3 ', ' 10.1.2.3', '10.1..3'],
    ...['10.1.2.0x3', '10.1.2.3/24', '1.2.3.4\n', ':', ':::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::1::', '1::2::3'],
    ...[
      '1:2:3:4:5:6:7:8::',
      '12345::',
      'g::',
      'fe80::1%eth0',
      '::1.2.3',
      '1.2.3.4::',
      '::1.2.3.4:5',
      '1:2:3:4:5:6:7:1.2.3.4',
    ],
    ...[':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:', '[::1]', '\u0661.1.1.1'],
  ])('%j is no address', (text) => {
    expect(call('ip', text)).toBeUndefined();
  });

  test('are printed as the host prints them', () => {
    fc.assert(
      fc.property(anyIp, (address) => {
        expect(call('ip', address)).toBe(address);
        expect(call('ip-there-and-back', address)).toBe(address);
      }),
    );
  });

  test('are read as the host reads them, however they are written', () => {
    const text = fc.oneof(fc.ipV6(), fc.ipV4Extended(), fc.stringMatching(/^[0-9a-f:.]{0,20}$/));
    fc.assert(
      fc.property(text, (written) => {
        const parsed = parseIp(written);
        if (parsed?.startsWith('::ffff:') === true) return;
        expect(call('ip', written)).toBe(parsed);
      }),
    );
  });

  test('are counted and compared as numbers', () => {
    fc.assert(
      fc.property(anyIp, fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (address, by) => {
        const moved = ipFromNumber(BigInt.asUintN(bits(address), ipNumber(address) + by), family(address));
        if (moved.startsWith('::ffff:')) return;
        expect(call('offset', address, by)).toBe(moved);
        const order = ipNumber(moved) < ipNumber(address) ? -1 : ipNumber(moved) > ipNumber(address) ? 1 : 0;
        expect(call('compare', moved, address)).toBe(order);
      }),
    );
  });

  test.each([
    ['10.1.2.0', '10.1.2.0', 0],
    ['10.1.2.0', '::', -2],
    ['::', '10.1.2.0', 2],
  ])('%s against %s', (a, b, order) => {
    expect(call('compare', a, b)).toBe(order);
  });
});

describe('prefixes', () => {
  test('have the network and the last address that the host has', () => {
    fc.assert(
      fc.property(anyPrefix, (prefix) => {
        expect(call('prefix', prefix)).toEqual([prefix, prefixAddress(networkOf(prefix)), lastAddress(prefix)]);
      }),
    );
  });

  test('contain and overlap as the host says', () => {
    fc.assert(
      fc.property(anyPrefix, anyPrefix, anyIp, (a, b, address) => {
        for (const one of [address, prefixAddress(b), lastAddress(a)]) {
          expect(call('contains', a, one)).toBe(prefixContains(a, one));
        }
        const first = prefixAddress(networkOf(b));
        const overlap = prefixContains(a, first) || prefixContains(b, prefixAddress(networkOf(a)));
        expect(call('overlaps', a, b)).toBe(overlap);
      }),
    );
  });

  test.each([
    '',
    '10.1.2.3',
    '10.1.2.3/',
    '10.1.2.3/33',
    '10.1.2.3/-1',
    '10.1.2.3/+1',
    '/24',
    '::/129',
    '10.1.2/24',
    '10.1.2.3/24/24',
    '10.1.2.3/ 24',
    '::ffff:10.1.2.3/120',
  ])('%j is none', (text) => {
    expect(call('prefix', text)).toBeUndefined();
  });

  test('a length may have zeros before it, as in Go', () => {
    expect(call('prefix', '10.1.2.3/024')).toEqual(['10.1.2.3/24', '10.1.2.0', '10.1.2.255']);
  });
});

test.each([
  ['0a:58:0A:01:00:02', '0a:58:0a:01:00:02'],
  ['0a-58-0a-01-00-02', '0a:58:0a:01:00:02'],
  ['0a58.0a01.0002', '0a:58:0a:01:00:02'],
  ['', undefined],
  ['0a:58:0a:01:00', undefined],
  ['0a:58:0a:01:00:0', undefined],
  ['0a:58:0a:01:00:02:03', undefined],
  ['0a:58:0a:01-00:02', undefined],
  ['0g:58:0a:01:00:02', undefined],
  ['0a580a010002', undefined],
  ['0a58.0a01-0002', undefined],
])('the hardware address %j is %j', (text, canonical) => {
  expect(call('mac', text)).toBe(canonical);
});

describe('JSON', () => {
  test('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        expect(JSON.parse(call('json', JSON.stringify(value, null, space)) as string)).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
      }),
    );
  });

  test.each([
    ['"\\u00e9\\ud83d\\ude00\\/\\b\\f\\n\\r\\t"', '"é😀/\\u0008\\u000c\\u000a\\u000d\\u0009"'],
    ['"\\ud83d"', '"\uFFFD"'],
    ['"\\ude00\\ud83d"', '"\uFFFD\uFFFD"'],
    ['"\\ud83d\\u0041"', '"\uFFFDA"'],
    [' [ 1 , -0 , 1.50e+2 ] ', '[1,-0,1.50e+2]'],
    ['{"a":1,"a":2}', '{"a":1,"a":2}'],
  ])('%s', (text, written) => {
    expect(call('json', text)).toBe(written);
  });

  test.each([
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a"', 'unexpected end of JSON input'],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['[1 2]', "invalid character '2' after array element"],
    ['1 2', "invalid character '2' after top-level value"],
    ['01', "invalid character '1' after top-level value"],
    ['-', 'unexpected end of JSON input'],
    ['1.', 'unexpected end of JSON input'],
    ['1e', 'unexpected end of JSON input'],
    ['+1', "invalid character '+' looking for beginning of value"],
    ['nul', "invalid character 'n' in literal null"],
    ['"\n"', "invalid character '\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['"', 'unexpected end of JSON input'],
    ['\uFEFF1', "invalid character '\uFEFF' looking for beginning of value"],
    ['['.repeat(1000), 'json: exceeded max depth'],
  ])('%j is none', (text, reason) => {
    expect(failure('json', text)).toBe(`999 reading: ${reason}`);
  });
});

describe('a configuration', () => {
  const [least, most] = [-(1n << 63n), (1n << 63n) - 1n];
  const refused = (found: string, path: string, type: string) =>
    `999 failed to load netconf: json: cannot unmarshal ${found} into Go struct field NetConf.${path} of type ${type}`;

  test('has integers exactly, up to 64 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: least, max: most }), (number) => {
        expect(call('integer', `{"n":${number}}`, 'n', least, most)).toBe(number);
      }),
    );
  });

  test.each([
    ['text', '{"k":"v"}', 'v'],
    ['text', '{}', 'the default'],
    ['text', '{"k":null}', 'the default'],
    ['text', '{"k":"a","k":"b"}', 'b'],
    ['text', '{"K":"v"}', 'the default'],
    ['flag', '{"k":true}', true],
    ['flag', '{}', false],
    ['inner', '{}', []],
    ['inner', '{"outer":null}', []],
    ['inner', '{"outer":{"k":["a",null,"b"]}}', ['a', '', 'b']],
  ])('%s of %s is %j', (name, config, value) => {
    expect(call(name, config, 'k')).toEqual(value);
  });

  test.each([
    ['text', '{"k":1}', 'number 1', 'k', 'string'],
    ['text', '{"k":{}}', 'object', 'k', 'string'],
    ['flag', '{"k":"true"}', 'string', 'k', 'bool'],
    ['flag', '{"k":0}', 'number 0', 'k', 'bool'],
    ['inner', '{"outer":[]}', 'array', 'outer', 'object'],
    ['inner', '{"outer":{"k":{}}}', 'object', 'outer.k', 'slice'],
    ['inner', '{"outer":{"k":[true]}}', 'bool', 'outer.k', 'string'],
  ])('%s of %s is refused', (name, config, found, path, type) => {
    expect(failure(name, config, 'k')).toBe(refused(found, path, type));
  });

  test.each(['"1500"', '1500.0', '1.5e3', '9223372036854775808', '-9223372036854775809', '101', '-1'])(
    '%s is no integer from 0 to 100',
    (value) => {
      const found = value.startsWith('"') ? 'string' : `number ${value}`;
      expect(failure('integer', `{"n":${value}}`, 'n', 0n, 100n)).toBe(refused(found, 'n', 'int'));
    },
  );

  test('is an object', () => {
    expect(failure('text', '[]', 'k')).toMatch(/^999 failed to load netconf: json: cannot unmarshal array/);
  });
});

describe('CNI_ARGS', () => {
  test.each([
    ['', ''],
    ['A=1', '1'],
    ['A=1;A=2', '2'],
    ['A=', ''],
    ['IgnoreUnknown=1;X=y;A=1', '1'],
    ['X=y;A=1;IgnoreUnknown=TRUE', '1'],
  ])('A of %j is %j', (text, value) => {
    expect(call('argument', text, ['A'], 'A')).toBe(value);
  });

  test.each([
    ['A', 'ARGS: invalid pair "A"'],
    ['A=1;', 'ARGS: invalid pair ""'],
    ['A=b=c', 'ARGS: invalid pair "A=b=c"'],
    ['X=y', 'ARGS: unknown args ["X=y"]'],
    ['X=y;a=1', 'ARGS: unknown args ["X=y" "a=1"]'],
    ['X=y;IgnoreUnknown=0', 'ARGS: unknown args ["X=y"]'],
    ['IgnoreUnknown=', 'ARGS: error parsing value of pair "IgnoreUnknown=": boolean unmarshal error: invalid input '],
    ['X="\n', 'ARGS: unknown args ["X=\\"\\n"]'],
  ])('%j is refused', (text, message) => {
    expect(failure('argument', text, ['A'], 'A')).toBe(`999 ${message}`);
  });
});
