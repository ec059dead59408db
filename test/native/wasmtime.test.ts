import { beforeAll, describe, expect, test, vi } from 'vitest';
import { built } from '../../host/cli/project.ts';
import { decodeComponent } from '../../host/component/decode.ts';
import type { ExternShape } from '../../host/component/shape.ts';
import { GuestError, WasmtimeError } from '../../native/wasmtime/errors.ts';
import type { FunctionType } from '../../native/wasmtime/shape.ts';
import { type Component, Engine, type GuestResource, type Limits } from '../../native/wasmtime/wasmtime.ts';
import { hasWasmtime } from '../contract/engines.ts';
import { makeHost as makeEveryHost } from '../contract/every-type/host.ts';
import { makeHost as makeHostileHost } from '../contract/hostile/host.ts';
import { buildRawGuest, makeHost as makeRawHost, rawGuest } from '../contract/raw/guest.ts';
import { buildEveryGuest, buildHostileGuest, misbehave } from './guests.ts';

describe.skipIf(!hasWasmtime)('the bindings of wasmtime', () => {
  let engine: Engine;
  let hostileBytes: Uint8Array;
  let everyBytes: Uint8Array;
  let hostile: Component;
  let every: Component;
  let raw: Component;

  beforeAll(async () => {
    engine = new Engine(built.wasmtime);
    [hostileBytes, everyBytes] = [await buildHostileGuest(), await buildEveryGuest()];
    [hostile, every] = [engine.compile(hostileBytes), engine.compile(everyBytes)];
    raw = engine.compile(await buildRawGuest());
  }, 120_000);

  function run(name: string, args: readonly unknown[] = [], limits: Limits = {}, host = makeHostileHost().imports) {
    const instance = hostile.instantiate(host, limits);
    try {
      return instance.call(misbehave, name, args);
    } finally {
      instance.close();
    }
  }

  function endOf(body: () => unknown): WasmtimeError {
    try {
      body();
    } catch (error) {
      if (error instanceof WasmtimeError) return error;
      throw error;
    }
    throw new Error('it ended well');
  }

  describe('code', () => {
    test('that was serialized runs again', () => {
      const code = hostile.serialize();
      const instance = engine.deserialize(code).instantiate(makeHostileHost().imports);
      expect(instance.call(misbehave, 'well', [1])).toBe(2);
    });

    test.each([
      ['nothing', () => new Uint8Array(0)],
      ['text', () => new TextEncoder().encode('hello')],
      ['half of it', () => hostile.serialize().subarray(0, 1000)],
      ['of another version', () => ofAnotherVersion(hostile.serialize())],
    ])('that is %s is refused', (_, bytes) => {
      expect(endOf(() => engine.deserialize(bytes())).code).toBe('invalid-component');
    });

    test.each([
      ['nothing', new Uint8Array(0)],
      ['a core module', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)],
      ['a component cut short', Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0, 7, 9, 1)],
    ])('cannot be made of %s', (_, bytes) => {
      expect(endOf(() => engine.compile(bytes)).code).toBe('invalid-component');
    });

    test('is compiled once under a key, for all engines with the same options', () => {
      const first = engine.compile(hostileBytes, 'shared');
      expect(new Engine(built.wasmtime).find('shared')?.exports).toEqual(first.exports);
      expect(new Engine(built.wasmtime, { instances: 2 }).find('shared')).toBeUndefined();
      expect(engine.find('unknown')).toBeUndefined();
    });
  });

  test('imports and exports have the types that the component says', () => {
    for (const [component, bytes] of [
      [hostile, hostileBytes],
      [every, everyBytes],
    ] as const) {
      const shape = decodeComponent(bytes);
      expect(component.imports).toEqual(functionsOf(shape.imports));
      expect(component.exports).toEqual(functionsOf(shape.exports));
    }
    expect(every.resources).toEqual([
      { interface: 'test:every/counters@1.0.0', name: 'counter', imported: true },
      { interface: 'test:every/leases@1.0.0', name: 'lease', imported: false },
    ]);
  });

  test('a trap says where the guest was', () => {
    const error = endOf(() => run('stop'));
    expect(error).toMatchObject({ code: 'trap', trap: 'UnreachableCodeReached' });
    expect(error.message).toBe('the guest trapped: wasm trap: wasm `unreachable` instruction executed');
    expect(error.frames.length).toBeGreaterThan(0);
    for (const frame of error.frames) expect(frame).toMatch(/^(func\[\d+\]|[\w:@./#-]+)\+0x[0-9a-f]+$/);
  });

  test.each([new Error('x'), Object.freeze({}), 'a text', 7, undefined, null, Symbol('s')])(
    'what a host function throws arrives as it is: %s',
    (thrown) => {
      const { imports } = makeHostileHost({
        ping: () => {
          throw thrown;
        },
      });
      const error = endOf(() => run('ping', [1], {}, imports));
      expect(error.code).toBe('host-failure');
      expect(Object.hasOwn(error, 'cause') && Object.is(error.cause, thrown)).toBe(true);
    },
  );

  describe('time', () => {
    test.each([1, 20, 100])('of %i ms ends a loop then', (time) => {
      const started = performance.now();
      expect(endOf(() => run('spin', [], { time }))).toMatchObject({ code: 'limit', limit: 'time' });
      const took = performance.now() - started;
      expect(took).toBeGreaterThanOrEqual(time - 1);
      expect(took).toBeLessThan(time + 500);
    });

    test('of 0 ms is up at once', () => {
      expect(endOf(() => run('spin', [], { time: 0 }))).toMatchObject({ code: 'limit', limit: 'time' });
    });

    test('is that of one call', () => {
      const instance = hostile.instantiate(makeHostileHost().imports, { time: 300 });
      const until = performance.now() + 500;
      while (performance.now() < until) expect(instance.call(misbehave, 'well', [1])).toBe(2);
      instance.close();
    });

    test('of many calls, each its own, is kept apart', () => {
      for (let i = 0; i < 50; i++) {
        const time = 1 + (i % 7);
        expect(endOf(() => run('spin', [], { time })).message).toBe(`the guest did not end within ${time} ms`);
        expect(run('well', [i], { time: 10_000 })).toBe(i + 1);
      }
    });
  });

  test('without limits a guest may do what it likes', () => {
    expect(run('ping', [100_000])).toBeUndefined();
    expect(run('tell', [2_000_000])).toHaveLength(2_000_000);
    expect(run('grow', [1000])).toBeGreaterThan(0);
  });

  describe('a text that is too long', () => {
    const limited = (body: () => unknown, message: string) =>
      expect(endOf(body)).toMatchObject({ code: 'limit', limit: 'string', message });

    test('is told without having crossed', () => {
      const alloc = vi.spyOn(Buffer, 'alloc');
      const tooMany = 'has 3000000 UTF-16 units, more than the limit of 1000';
      limited(() => run('tell', [3_000_000], { string: 1000 }), `tell returned ${tooMany}`);
      limited(() => run('say', [3_000_000], { string: 1000 }), `test:hostile/host@1.0.0#say: text ${tooMany}`);
      expect(alloc).not.toHaveBeenCalled();
      alloc.mockRestore();
    });

    test('is told with its place within a value', () => {
      const seen: unknown[] = [];
      const texts = () => raw.instantiate(makeRawHost(seen), { string: 1 }).call(rawGuest, 'give-texts', [304, 1]);
      limited(texts, 'test:raw/host@1.0.0#take-texts: v[0] has 2 UTF-16 units, more than the limit of 1');
      expect(seen).toEqual([]);
    });

    test.each(['a', '語', '\u{1f600}'])('is so by its UTF-16 units, not by its bytes: of %s', (letter) => {
      const { imports } = makeEveryHost();
      const half = letter.repeat(3);
      const clash = { ...imports['test:every/clash@1.0.0'], fail: () => fail({ text: half }) };
      const host = { ...imports, 'test:every/clash@1.0.0': clash, plain: { default: () => half } };
      const units = 2 * half.length;
      const call = (string: number) =>
        every.instantiate(host, { string }).call('test:every/mirror@1.0.0', 'clashes', ['x']);
      expect(call(units)).toBe(half + half);
      limited(() => call(units - 1), `clashes returned has ${units} UTF-16 units, more than the limit of ${units - 1}`);
    });

    test('is so by the limit that the instance began with', () => {
      const begun = (before: Limits, limits: Limits) => {
        const instance = hostile.prepare(before);
        instance.begin(makeHostileHost().imports, limits);
        return () => instance.call(misbehave, 'tell', [6]);
      };
      expect(begun({ string: 5 }, {})()).toBe('xxxxxx');
      limited(begun({}, { string: 5 }), 'tell returned has 6 UTF-16 units, more than the limit of 5');
    });
  });

  describe('an engine with room for a few instances', () => {
    test('runs them as any other, and refuses one too many', () => {
      const pooled = new Engine(built.wasmtime, { instances: 2 }).compile(hostileBytes);
      const make = () => pooled.instantiate(makeHostileHost().imports, { memory: 4 * 1024 * 1024 });
      const [first, second] = [make(), make()];
      expect(endOf(make).code).toBe('busy');
      expect(first?.call(misbehave, 'grow', [2])).toBeGreaterThan(0);
      first?.close();
      const third = make();
      // Nothing is left of what was there.
      expect(third.call(misbehave, 'well', [1])).toBe(2);
      expect(endOf(() => third.call(misbehave, 'allocate', [64 << 20]))).toMatchObject({ limit: 'memory' });
      make().close();
      second?.close();
    });
  });

  describe("a resource of the guest's own", () => {
    const leases = 'test:every/leases@1.0.0';
    const open = () => {
      const instance = every.instantiate(makeEveryHost().imports);
      return { instance, call: (name: string, ...args: unknown[]) => instance.call(leases, name, args) };
    };

    test('is made, used, and dropped, which runs its destructor', () => {
      const instance = raw.instantiate(makeRawHost([]));
      const call = (name: string, ...args: unknown[]) => instance.call(rawGuest, name, args);
      const thing = call('[constructor]thing', 7) as GuestResource;
      expect(thing).toMatchObject({ resource: 'thing' });
      expect(call('[method]thing.number', thing)).toBe(7);
      expect(call('destroyed')).toBe(0);
      instance.drop(thing);
      expect(call('destroyed')).toBe(1);
      expect(() => call('[method]thing.number', thing)).toThrow('self: expected a thing of this instance');
      instance.drop(thing);
      expect(call('destroyed')).toBe(1);
    });

    test('is not dropped by another instance, which has one of the same number', () => {
      const [a, b] = [raw.instantiate(makeRawHost([])), raw.instantiate(makeRawHost([]))];
      const [ofA, ofB] = [a, b].map((one) => one.call(rawGuest, '[constructor]thing', [7]) as GuestResource);
      for (const foreign of [ofA, { ...ofB, owner: 0 }, {}, undefined])
        expect(endOf(() => b.drop(foreign as GuestResource))).toMatchObject({
          code: 'host-value',
          message: 'drop: expected a resource of this instance',
        });
      for (const one of [a, b]) expect(one.call(rawGuest, 'destroyed')).toBe(0);
      expect(b.call(rawGuest, '[method]thing.number', [ofB])).toBe(7);
      a.drop(ofA as GuestResource);
      expect(a.call(rawGuest, 'destroyed')).toBe(1);
    });

    test('is refused for one of another type', () => {
      const instance = raw.instantiate(makeRawHost([]));
      const call = (name: string, ...args: unknown[]) => instance.call(rawGuest, name, args);
      const other = call('[constructor]other', 7);
      expect(endOf(() => call('[method]thing.number', other))).toMatchObject({
        code: 'host-value',
        message: '[method]thing.number: self: expected a thing of this instance',
      });
      expect(call('[method]thing.number', call('[constructor]thing', 8))).toBe(8);
    });

    test("is the host's still where an argument after it was refused", () => {
      const { instance, call } = open();
      const [a, b] = [call('[constructor]lease', 'ann'), call('[constructor]lease', 'bob')];
      for (const refused of [7, a])
        expect(() => call('merge', a, refused)).toThrow('merge: b: expected a lease of this instance');
      expect(call('[method]lease.owner', a)).toBe('ann');
      expect(call('[method]lease.owner', call('merge', a, b))).toBe('ann+bob');
      expect(() => call('merge', a, b)).toThrow('merge: a: expected a lease of this instance');
      instance.drop(a as GuestResource);
      expect(() => call('[method]lease.owner', b)).toThrow('expected a lease of this instance');
    });

    test('whose destructor traps ends the instance', () => {
      const instance = raw.instantiate(makeRawHost([]));
      const thing = instance.call(rawGuest, '[constructor]thing', [13]) as GuestResource;
      expect(endOf(() => instance.drop(thing)).code).toBe('trap');
      expect(endOf(() => instance.call(rawGuest, 'destroyed')).code).toBe('ended');
    });

    test('is not there after it was given away', () => {
      const { call } = open();
      const [a, b] = [call('[constructor]lease', 'ann'), call('[constructor]lease', 'bob')];
      call('merge', a, b);
      expect(() => call('[method]lease.owner', a)).toThrow('expected a lease of this instance');
      expect(() => call('merge', b, b)).toThrow('expected a lease of this instance');
    });

    test('is nothing to another instance', () => {
      const lease = open().call('[constructor]lease', 'ann');
      const { call } = open();
      call('[constructor]lease', 'bob');
      expect(() => call('[method]lease.owner', lease)).toThrow('expected a lease of this instance');
      expect(() => call('[method]lease.owner', { owner: 'x' })).toThrow('expected a lease of this instance');
      expect(() => call('[method]lease.owner', 0)).toThrow('expected a lease of this instance');
    });
  });

  test('an err payload leaves the instance as it is', () => {
    const instance = hostile.instantiate(makeHostileHost().imports);
    for (let i = 0; i < 3; i++) {
      expect(() => instance.call(misbehave, 'refuse')).toThrow(GuestError);
      expect(instance.call(misbehave, 'well', [i])).toBe(i + 1);
    }
    instance.close();
    expect(endOf(() => instance.call(misbehave, 'well', [1])).code).toBe('ended');
  });

  test('objects that a guest owns are closed in their order, and what that throws is returned', () => {
    const bug = new Error('x');
    const closed: number[] = [];
    class Door {
      number = 0;
      knock() {
        return 1;
      }
      [Symbol.dispose]() {
        closed.push(this.number);
        if (this.number === 2) throw bug;
      }
    }
    let made = 0;
    const { imports } = makeHostileHost({ Door, open: () => Object.assign(new Door(), { number: ++made }) });
    const instance = hostile.instantiate(imports);
    instance.call(misbehave, 'hold', [3, false]);
    expect(instance.close()).toEqual([bug]);
    expect(instance.close()).toEqual([]);
    expect(closed).toEqual([1, 2, 3]);
  });

  test('many instances leave no memory behind', () => {
    const round = () => {
      for (let i = 0; i < 2000; i++) {
        const host = makeHostileHost();
        run('use-well', ['give'], { time: 1000 }, host.imports);
        if (i % 10 === 0) endOf(() => run('stop'));
      }
      globalThis.gc?.();
      return process.memoryUsage().rss;
    };
    round();
    const before = round();
    const after = round();
    expect(after - before).toBeLessThan(40 * 1024 * 1024);
  }, 60_000);
});

/** What a host function throws as the err case of its `result`. */
function fail(payload: unknown): never {
  throw Object.assign(new Error('on purpose'), { payload });
}

function ofAnotherVersion(code: Uint8Array): Uint8Array {
  const changed = Buffer.from(code);
  const at = changed.indexOf('48.0.8');
  if (at < 0) throw new Error('there is no version in it');
  changed.write('47', at);
  return changed;
}

/** The functions of a shape as the bindings describe them. */
function functionsOf(externs: ReadonlyMap<string, ExternShape>): FunctionType[] {
  const functions = [...externs].flatMap(([id, extern]) =>
    extern.kind === 'function'
      ? [{ name: id, ...extern }]
      : [...extern.functions].map(([name, one]) => ({ interface: id, name, ...one })),
  );
  const plain = JSON.stringify(functions, (key, value) =>
    key === 'kind' && functionKinds.has(value) ? undefined : value,
  );
  return JSON.parse(plain, (key, value) => {
    if (key !== 'resource') return value;
    // The decoder does not say where a resource of the guest's own is from.
    return {
      interface: value.interface ?? 'test:every/leases@1.0.0',
      name: value.name,
      imported: value.name !== 'lease',
    };
  }) as FunctionType[];
}

const functionKinds: ReadonlySet<unknown> = new Set(['function', 'resource']);
