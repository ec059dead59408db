import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatCompact, formatIndented, type Printable, plain } from '../../../host/cni/json/format.ts';
import { JsonSyntaxError, parseJson } from '../../../host/cni/json/parse.ts';
import { JsonNumber, type JsonObject } from '../../../host/cni/json/value.ts';

const parse = (text: string) => parseJson(new TextEncoder().encode(text));

describe('reading JSON as Go does', () => {
  test.each([
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a":1', 'unexpected end of JSON input'],
    ['"abc', 'unexpected end of JSON input'],
    ['x', "invalid character 'x' looking for beginning of value"],
    ['\ufeff{}', "invalid character 'ï' looking for beginning of value"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['[1 2]', "invalid character '2' after array element"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['tru', 'unexpected end of JSON input'],
    ['trux', "invalid character 'x' in literal true (expecting 'e')"],
    ['nul ', "invalid character ' ' in literal null (expecting 'l')"],
    ['01', "invalid character '1' after top-level value"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12x4"', "invalid character 'x' in \\u hexadecimal character escape"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    [`${'['.repeat(10_001)}`, 'exceeded max depth'],
  ])('%j', (text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ name: JsonSyntaxError.name, message }));
  });

  test('agrees with JSON.parse on every value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(plain(parse(JSON.stringify(value)))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('accepts and refuses the texts that JSON.parse does', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:0123e+-.truefalsn \\u') }), (text) => {
        const outcome = (read: () => unknown) => {
          try {
            read();
            return 'value';
          } catch {
            return 'error';
          }
        };
        expect(outcome(() => parse(text))).toBe(outcome(() => JSON.parse(text)));
      }),
      { numRuns: 2000 },
    );
  });

  test('keeps numbers as they were written', () => {
    expect(parse('9007199254740993')).toEqual(new JsonNumber('9007199254740993'));
  });

  test('bytes that are not UTF-8, and lone surrogates, become U+FFFD', () => {
    expect(parseJson(Uint8Array.from([0x22, 0xff, 0x22]))).toBe('\ufffd');
    expect(parse('"\\ud800x\\ud83d\\ude00"')).toBe('\ufffdx😀');
  });

  test('1,000 levels are read, and not one more', () => {
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    expect(() => parse(nested(1000))).not.toThrow();
    expect(() => parse(nested(1001))).toThrow('exceeded max depth');
  });

  test('keys match without regard to case, the last wins, null does not, objects are laid over each other', () => {
    const value = parse('{"MTU":1,"mtu":2,"Mtu":null,"ipam":{"type":"a","x":1},"IPAM":{"type":"b"}}') as JsonObject;
    expect(value.get('mtu')).toEqual(new JsonNumber('2'));
    const ipam = value.get('ipam') as JsonObject;
    expect([ipam.get('type'), ipam.get('x')]).toEqual(['b', new JsonNumber('1')]);
  });
});

describe('printing JSON as Go does', () => {
  test('indents by four spaces, leaves out undefined, ends without a newline', () => {
    const value: Printable = { a: [1, { b: undefined, c: 'x' }], e: [], o: {} };
    expect(formatIndented(value)).toBe(
      '{\n    "a": [\n        1,\n        {\n            "c": "x"\n        }\n    ],\n    "e": [],\n    "o": {}\n}',
    );
  });

  test('escapes what HTML would mistake', () => {
    expect(formatCompact({ a: '<&>\u2028' })).toBe('{"a":"\\u003c\\u0026\\u003e\\u2028"}');
  });
});
