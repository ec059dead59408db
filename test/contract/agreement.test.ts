import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostImports, Limits, LoadedComponent } from '../../host/engine/engine.ts';
import { EngineError, GuestFailure, limitError } from '../../host/engine/errors.ts';
import { amplyLimited, buildTestGuest, hasWasmtime, makeTestEngine, type TestEngine } from './engines.ts';
import { makeHost as makeEveryHost } from './every-type/host.ts';
import { hostileLimits, makeHost as makeHostileHost } from './hostile/host.ts';

const here = dirname(fileURLToPath(import.meta.url));

/** How a call ends, with all that an engine says of it. */
function outcomeOf(component: LoadedComponent, call: Call, host: HostImports, limits: Limits): unknown {
  try {
    const instance = component.instantiate(host, limits);
    try {
      return { value: instance.call(call.interface, call.name, call.args) };
    } finally {
      instance.close();
    }
  } catch (error) {
    if (error instanceof GuestFailure) return { payload: error.payload };
    if (!(error instanceof EngineError)) return { thrown: error };
    const { code, limit, message } = error;
    return { code, limit, message, ...(code === 'host-failure' ? { cause: error.cause } : {}) };
  }
}

interface Call {
  readonly interface: string | undefined;
  readonly name: string;
  readonly args: readonly unknown[];
}

const engines: TestEngine[] = [];

/** The same guest on both engines. */
async function onBoth(directory: string, world: string): Promise<readonly LoadedComponent[]> {
  const bytes = await buildTestGuest(join(here, directory), world);
  return Promise.all(
    (['v8', 'wasmtime'] as const).map((name) => {
      const engine = makeTestEngine(name);
      engines.push(engine);
      return engine.load(bytes);
    }),
  );
}

afterAll(() => {
  for (const engine of engines) engine[Symbol.dispose]();
});

/** Values that some type has and most have not. */
const values: readonly unknown[] = [
  ...[
    undefined,
    null,
    true,
    false,
    0,
    -0,
    1,
    -1,
    127,
    128,
    255,
    256,
    -128,
    -129,
    32_767,
    65_535,
    65_536,
    2 ** 31,
    2 ** 32,
  ],
  ...[1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300, 0n, -1n, 2n ** 63n, 2n ** 64n, -(2n ** 63n), -(2n ** 63n) - 1n],
  ...['', 'a', 'ab', '\u{1f600}', '\ud800', 'a"b\n\u0001', 'x'.repeat(50), '\u{1f600}'.repeat(30), 'summer', 'Summer'],
  ...[[], [1], ['a'], [1n], [300], [undefined], [1, 'a'], [1, 'a', 2], [[1, 'a']], [null], new Array(3), [[]]],
  ...[new Uint8Array(3), new Uint16Array(2), new BigUint64Array(1), new DataView(new ArrayBuffer(2)), Buffer.from('b')],
  ...[
    {},
    { x: 1, y: 2 },
    { x: 1 },
    { x: 1, y: 'b' },
    { read: true },
    { read: 1 },
    { read: null },
    { x: 1, y: 2, z: 3 },
  ],
  ...[
    { tag: 'nothing' },
    { tag: 'nothing', val: 1 },
    { tag: 'circle' },
    { tag: 'circle', val: 1 },
    { tag: 'x' },
    { tag: 1 },
  ],
  ...[
    { tag: 'polygon', val: [{ x: 1, y: 2 }, { x: 1 }] },
    { tag: 'nested', val: { x: 'a', y: 2 } },
    { tag: 'big', val: 1 },
  ],
  ...[
    { tag: 'ok' },
    { tag: 'ok', val: 1 },
    { tag: 'ok', val: 'a' },
    { tag: 'err' },
    { tag: 'err', val: 'a' },
    { tag: 'err', val: 1 },
  ],
  ...[
    { tag: 'none' },
    { tag: 'some' },
    { tag: 'some', val: 1 },
    { tag: 'some', val: 256 },
    { tag: 'some', val: { tag: 'none' } },
  ],
  ...[
    { tag: 'use-it', val: { name: 'a', held: {} } },
    { tag: 'err', val: { code: 70_000 } },
    { tag: 'err', val: { code: 7 } },
  ],
  ...[
    () => 1,
    Symbol('s'),
    new Date(0),
    new Map(),
    /x/,
    new (class Counter {})(),
    [true, 1n, 'a', 'summer'],
    [true, 1, 'a', 'x'],
  ],
  { truth: true, tiny: 1, small: 1, wide: 1n, ratio: 1, letter: 'a', text: 'a', place: { x: 1, y: 1 } },
  { truth: true, tiny: 1, small: 1, wide: 1, ratio: 1, letter: 'a', text: 'a', place: { x: 1, y: 1 } },
  { truth: true, tiny: 1, small: 1, wide: 1n, ratio: 1, letter: 'ab', text: 'a', place: { x: 1, y: 1 } },
  { truth: true, tiny: 1, small: 1, wide: 1n, ratio: 1, letter: 'a', text: 'a', place: { x: 1, y: 1.5 } },
];

describe.skipIf(!hasWasmtime)('v8 and wasmtime agree, word for word, on', () => {
  describe('wrong and right values', () => {
    const mirror = 'test:every/mirror@1.0.0';
    let components: readonly LoadedComponent[] = [];
    let names: readonly string[] = [];

    beforeAll(async () => {
      components = await onBoth('every-type', 'every');
      const shape = components[0]?.shape.exports.get(mirror);
      names = shape?.kind === 'interface' ? [...shape.functions.keys()] : [];
    }, 120_000);

    test('that the host gives as arguments', () => {
      expect(names.length).toBeGreaterThan(35);
      for (const name of names) {
        for (const value of values) {
          const call = { interface: mirror, name, args: [value] };
          const [v8, wasmtime] = components.map((one) => outcomeOf(one, call, makeEveryHost().imports, amplyLimited));
          expect(wasmtime, `${name}(${show(value)})`).toEqual(v8);
        }
      }
    }, 120_000);

    /** A right value for each function whose host returns what it is told. */
    const right: Readonly<Record<string, unknown>> = {
      ...{ bools: true, s8s: 1, u8s: 1, s16s: 1, u16s: 1, s32s: 1, u32s: 1, s64s: 1n, u64s: 1n, f32s: 1, f64s: 1 },
      ...{ chars: 'a', strings: 'a', bytes: new Uint8Array(1), texts: [], longs: [], points: [], pairs: [] },
      ...{ seasons: 'summer', 'rights-of': {}, shapes: { tag: 'nothing' }, 'all-shapes': [], options: undefined },
      ...{ 'text-options': undefined, 'nested-options': { tag: 'none' }, tuples: [true, 1n, 'a', 'summer'] },
      ...{ results: { tag: 'ok', val: 1 }, like: { tag: 'ok', val: 1 }, 'unit-results': { tag: 'ok' } },
      fallible: { tag: 'err', val: { code: 7 } },
    };

    test('that the host returns', () => {
      for (const [name, argument] of Object.entries(right)) {
        const key = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
        for (const value of values) {
          const call = { interface: mirror, name, args: [argument] };
          const { imports } = makeEveryHost();
          const id = 'test:every/host-mirror@1.0.0';
          const host = { ...imports, [id]: { ...imports[id], [key]: () => value } };
          const [v8, wasmtime] = components.map((one) => outcomeOf(one, call, host, amplyLimited));
          expect(wasmtime, `${name} returns ${show(value)}`).toEqual(v8);
        }
      }
    }, 120_000);

    test('that the host throws as an err payload', () => {
      for (const name of ['results', 'fallible', 'unit-results', 'u8s']) {
        const key = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
        for (const payload of values) {
          const call = { interface: mirror, name, args: [right[name]] };
          const { imports } = makeEveryHost();
          const id = 'test:every/host-mirror@1.0.0';
          const thrown = Object.assign(new Error('refused'), { payload });
          const fail = () => {
            throw thrown;
          };
          const host = { ...imports, [id]: { ...imports[id], [key]: fail } };
          const [v8, wasmtime] = components.map((one) => outcomeOf(one, call, host, amplyLimited));
          expect(wasmtime, `${name} throws ${show(payload)}`).toEqual(v8);
        }
      }
    });
  });

  describe('the end of a hostile guest:', () => {
    const misbehave = 'test:hostile/misbehave@1.0.0';
    let components: readonly LoadedComponent[] = [];
    beforeAll(async () => {
      components = await onBoth('hostile', 'hostile');
    }, 120_000);

    const bug = new Error('a bug');
    const throwing = (thrown: unknown) => () => {
      throw thrown;
    };
    interface Case {
      readonly name: string;
      readonly args?: readonly unknown[];
      /** What the host has in place of what it usually has. */
      readonly over?: Readonly<Record<string, unknown>>;
    }
    const cases: readonly Case[] = [
      { name: 'well', args: [1] },
      { name: 'well', args: ['x'] },
      { name: 'well' },
      { name: 'well', args: [1, 2] },
      ...['no-such', 'refuse', 'spin', 'stop', 'abort-it', 'out-of-bounds'].map((name) => ({ name })),
      { name: 'recurse', args: [100_000_000] },
      { name: 'grow', args: [1000] },
      { name: 'grow', args: [1] },
      { name: 'allocate', args: [64 << 20] },
      { name: 'ping', args: [50] },
      { name: 'ping', args: [51] },
      { name: 'hold', args: [4, false] },
      { name: 'hold', args: [5, false] },
      { name: 'hold', args: [3, true] },
      { name: 'say', args: [1001] },
      { name: 'tell', args: [1001] },
      ...['lend', 'give', 'knock', 'lend-in-list', 'drop', 'seize'].map((how) => ({ name: 'use-well', args: [how] })),
      { name: 'read-number', over: { number: () => 300 } },
      { name: 'read-text', over: { text: () => 'x'.repeat(1001) } },
      { name: 'read-text', over: { text: () => Promise.resolve('x') } },
      { name: 'ping', args: [1], over: { ping: () => Promise.resolve() } },
      ...[bug, 'a text', undefined, null, Object.freeze({ payload: 1 }), new GuestFailure('nested')].map((thrown) => ({
        ...{ name: 'ping', args: [1], over: { ping: throwing(thrown) } },
      })),
      ...[new GuestFailure('nested'), new GuestFailure(7), bug, { payload: 'not an Error' }].map((thrown) => ({
        ...{ name: 'risk', over: { risky: throwing(thrown) } },
      })),
      { name: 'ping', args: [1], over: { ping: throwing(limitError('log', 'too much')) } },
      { name: 'risk', over: { risky: throwing(withGetter('payload')) } },
      { name: 'read-text', over: { text: () => withGetter('length') } },
      { name: 'hold', args: [1, false], over: { open: () => ({}) } },
      { name: 'hold', args: [1, false], over: { open: () => undefined } },
      { name: 'hold', args: [1, false], over: { ping: undefined, say: undefined, Window: undefined } },
    ];

    test.each(cases)('$name $args', ({ name, args = [], over = {} }) => {
      const hosts = [makeHostileHost(over), makeHostileHost(over)] as const;
      const call = { interface: misbehave, name, args };
      const [v8, wasmtime] = components.map((one, i) =>
        outcomeOf(one, call, (hosts[i] as (typeof hosts)[0]).imports, hostileLimits),
      );
      expect(wasmtime).toEqual(v8);
      expect(hosts[1].closed).toEqual(hosts[0].closed);
      expect(hosts[1].reached.map(([what]) => what)).toEqual(hosts[0].reached.map(([what]) => what));
    });

    test('an object of the host that cannot be closed', () => {
      const ends = components.map((component) => {
        class Door {
          knock() {
            return 1;
          }
          [Symbol.dispose]() {
            throw bug;
          }
        }
        const { imports } = makeHostileHost({ Door, open: () => new Door() });
        const call = (name: string, args: readonly unknown[]) =>
          outcomeOf(component, { interface: misbehave, name, args }, imports, hostileLimits);
        return [call('hold', [2, false]), call('hold', [2, true]), call('use-well', ['drop'])];
      });
      expect(ends[1]).toEqual(ends[0]);
    });

    test('an instance that a host function uses while it runs', () => {
      const ends = components.map((component) => {
        const found: unknown[] = [];
        const { imports } = makeHostileHost({
          ping: () => {
            try {
              found.push(instance.call(misbehave, 'well', [1]));
            } catch (error) {
              found.push(error instanceof EngineError ? [error.code, error.limit] : error);
            }
          },
        });
        const instance = component.instantiate(imports, hostileLimits);
        try {
          found.push(instance.call(misbehave, 'ping', [1]));
        } catch (error) {
          found.push(error instanceof EngineError ? [error.code, error.limit] : error);
        }
        instance.close();
        return found;
      });
      expect(ends[1]).toEqual(ends[0]);
    });
  });
});

/** An Error whose property throws. */
function withGetter(name: string): Error {
  return Object.defineProperty(new Error('has a getter'), name, {
    get() {
      throw getterError;
    },
  });
}

const getterError = new Error('from a getter');

function show(value: unknown): string {
  if (typeof value === 'object' && value !== null)
    return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner));
  return String(value);
}
