import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LoadedComponent } from '../../../host/engine/engine.ts';
import { GuestFailure } from '../../../host/engine/errors.ts';
import { amplyLimited, buildTestGuest, describeEachEngine, makeTestEngine, type TestEngine } from '../engines.ts';
import { makeHost } from './host.ts';

const here = dirname(fileURLToPath(import.meta.url));
const mirror = 'test:every/mirror@1.0.0';
const leases = 'test:every/leases@1.0.0';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constant('x'.repeat(40_000)));
const point = fc.record({ x: fc.integer(), y: fc.integer() });
const everything = fc.record(
  {
    truth: fc.boolean(),
    tiny: fc.integer({ min: 0, max: 255 }),
    small: fc.integer({ min: -32768, max: 32767 }),
    wide: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ratio: fc.double(),
    letter: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((c) => [...c].length === 1),
    text,
    maybe: u32,
    place: point,
  },
  { requiredKeys: ['truth', 'tiny', 'small', 'wide', 'ratio', 'letter', 'text', 'place'] },
);
const season = fc.constantFrom('spring', 'summer', 'autumn', 'winter');
const shape = fc.oneof(
  fc.constant({ tag: 'nothing' }),
  fc.record({ tag: fc.constant('circle'), val: fc.float() }),
  fc.record({ tag: fc.constant('polygon'), val: fc.array(point) }),
  fc.record({ tag: fc.constant('label'), val: text }),
  fc.record({ tag: fc.constant('big'), val: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  fc.record({ tag: fc.constant('nested'), val: fc.option(point, { nil: undefined }) }),
);
const flags = fc.record(
  Object.fromEntries(
    ['read', 'write', 'runIt', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9'].map((name) => [name, fc.boolean()]),
  ),
);
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

/** A generator of values for each function of the mirror. */
const cases: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  bools: fc.boolean(),
  s8s: fc.integer({ min: -128, max: 127 }),
  u8s: fc.integer({ min: 0, max: 255 }),
  s16s: fc.integer({ min: -32768, max: 32767 }),
  u16s: fc.integer({ min: 0, max: 65535 }),
  s32s: fc.integer(),
  u32s: u32,
  s64s: i64,
  u64s: u64,
  f32s: fc.float(),
  f64s: fc.double(),
  chars: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((c) => [...c].length === 1),
  strings: text,
  bytes: fc.uint8Array({ maxLength: 3000 }),
  texts: fc.array(text, { maxLength: 20 }),
  longs: fc.array(u64),
  points: fc.array(point),
  pairs: fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), text)),
  seasons: season,
  'rights-of': flags,
  shapes: shape,
  'all-shapes': fc.array(shape),
  records: everything,
  options: fc.option(u64, { nil: undefined }),
  'text-options': fc.option(text, { nil: undefined }),
  'nested-options': fc.oneof(
    fc.constant({ tag: 'none' }),
    fc.constant({ tag: 'some', val: undefined }),
    fc.record({ tag: fc.constant('some'), val: fc.integer({ min: 0, max: 255 }) }),
  ),
  tuples: fc.tuple(fc.boolean(), i64, text, season),
  like: fc.oneof(fc.record({ tag: fc.constant('ok'), val: u32 }), fc.record({ tag: fc.constant('err'), val: text })),
};

describeEachEngine('every type through a guest', (name) => {
  let engine: TestEngine;
  let component: LoadedComponent;

  beforeAll(async () => {
    engine = makeTestEngine(name);
    component = await engine.load(await buildTestGuest(here, 'every'));
  }, 120_000);
  afterAll(() => engine[Symbol.dispose]());

  const call = (name: string, args: readonly unknown[], host = makeHost()) => {
    const instance = component.instantiate(host.imports, amplyLimited);
    try {
      return instance.call(mirror, name, args);
    } finally {
      instance.close();
    }
  };

  test.each(Object.keys(cases))('%s arrive at the host as they were given, and come back', (name) => {
    const values = cases[name] as fc.Arbitrary<unknown>;
    const host = makeHost();
    const instance = component.instantiate(host.imports, amplyLimited);
    fc.assert(
      fc.property(values, (value) => {
        expect(instance.call(mirror, name, [value])).toEqual(value);
        expect(host.seen.at(-1)).toEqual(value);
      }),
      { numRuns: 40 },
    );
    instance.close();
  });

  test('results of a function are values when ok, and thrown when not', () => {
    expect(call('results', [{ tag: 'ok', val: 7 }])).toBe(7);
    expect(() => call('results', [{ tag: 'err', val: 'why' }])).toThrow(GuestFailure);
    expect(call('unit-results', [{ tag: 'ok' }])).toBeUndefined();
    expect(() => call('unit-results', [{ tag: 'err' }])).toThrow(GuestFailure);
    try {
      call('fallible', [{ tag: 'err', val: { code: 512 } }]);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ payload: { code: 512 } });
    }
  });

  test('more than 16 flat parameters go through memory', () => {
    fc.assert(
      fc.property(everything, text, everything, i64, (a, c, d, e) => {
        const host = makeHost();
        expect(call('many', [a, 9, c, d, e], host)).toEqual([c, String(e)]);
        expect(host.seen.at(-1)).toEqual([a, 9, c, d, e]);
      }),
      { numRuns: 20 },
    );
  });

  test('names that two interfaces have are kept apart', () => {
    expect(call('clashes', ['x'])).toBe('x!?X');
  });

  test('functions of the world and inline interfaces are there both ways', () => {
    expect(call('inlined', [21])).toBe(42);
    const instance = component.instantiate(makeHost().imports, amplyLimited);
    expect(instance.call(undefined, 'greet', ['you'])).toBe('hello you');
    instance.close();
  });

  test('lone surrogates of the guest become U+FFFD', () => {
    expect(call('lone-surrogate', [])).toBe('a\ufffdb');
    expect(call('strings', ['\ud800'])).toBe('\ufffd');
  });

  test('a resource of the host is made, used, lent and given away', () => {
    const host = makeHost();
    expect(call('count', [5, 3], host)).toEqual([8, 8, 1, 0, 2, 8, 0, 1, 0]);
    expect(host.dropped).toEqual([1, 8]);
  });

  test("a borrowed handle is the guest's for the call only, also within a variant", () => {
    const host = makeHost();
    const counter = new host.Counter(4);
    expect(call('lent', [counter], host)).toBe(4);
    expect(call('lent-within', [{ tag: 'use-it', val: { name: 'abc', held: counter } }], host)).toBe(7);
    expect(host.dropped).toEqual([]);
  });

  test('an own handle that goes through is the same object', () => {
    const host = makeHost();
    const counter = new host.Counter(4);
    expect(call('passed-on', [counter], host)).toBe(counter);
    expect(counter.value_).toBe(5);
    expect(host.dropped).toEqual([]);
  });

  test('a resource of the guest is made, used and merged by the host', () => {
    const instance = component.instantiate(makeHost().imports, amplyLimited);
    const on = (name: string, ...args: unknown[]) => instance.call(leases, name, args);
    const [a, b] = [on('[constructor]lease', 'ann'), on('[constructor]lease', 'bob')];
    expect(on('[method]lease.renew', a, 2n ** 63n)).toBe(2n ** 63n);
    expect(on('[method]lease.renew', a, 1n)).toBe(2n ** 63n + 1n);
    expect(on('[method]lease.same', a, a)).toBe(true);
    expect(on('[method]lease.same', a, b)).toBe(false);
    expect(on('[static]lease.open')).toBe(2);
    const both = on('merge', a, b);
    expect(on('[method]lease.owner', both)).toBe('ann+bob');
    instance.close();
  });
});
