import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Limits, LoadedComponent } from '../../../host/engine/engine.ts';
import { EngineError, GuestFailure, HostFault } from '../../../host/engine/errors.ts';
import {
  amplyLimited,
  buildTestGuest,
  describeEachEngine,
  makeTestEngine,
  nameOf,
  type TestEngine,
} from '../engines.ts';
import { hostileLimits as limits, makeHost } from './host.ts';

const here = dirname(fileURLToPath(import.meta.url));
const misbehave = 'test:hostile/misbehave@1.0.0';

describeEachEngine('a hostile guest', (name) => {
  let engine: TestEngine;
  let component: LoadedComponent;

  beforeAll(async () => {
    engine = makeTestEngine(name);
    component = await engine.load(await buildTestGuest(here, 'hostile'));
  }, 120_000);
  afterAll(() => engine[Symbol.dispose]());

  function run(name: string, args: readonly unknown[] = [], host = makeHost(), given: Partial<Limits> = {}) {
    const instance = component.instantiate(host.imports, { ...limits, ...given });
    try {
      return instance.call(misbehave, name, args);
    } finally {
      instance.close();
    }
  }

  function endOf(name: string, args: readonly unknown[] = [], host = makeHost(), given: Partial<Limits> = {}) {
    try {
      run(name, args, host, given);
    } catch (error) {
      if (error instanceof EngineError) return error;
      throw error;
    }
    return undefined;
  }

  test.each([
    ['loops for ever', 'spin', [], 'time'],
    ['asks for memory by the page', 'grow', [1000], 'memory'],
    ['allocates', 'allocate', [64 << 20], 'memory'],
    ['recurses', 'recurse', [100_000_000], 'stack'],
    ['calls the host without end', 'ping', [51], 'hostCalls'],
    ['opens handles without end', 'hold', [5, false], 'handles'],
    ['gives a text that is too long', 'say', [1001], 'string'],
    ['returns a text that is too long', 'tell', [1001], 'string'],
  ])('one that %s is ended by the limit of %s%j: %s', (_what, name, args, limit) => {
    expect(endOf(name, args)).toMatchObject({ code: 'limit', limit });
  });

  test.each([
    ['ping', [50]],
    ['hold', [4, false]],
    ['say', [1000]],
    ['tell', [1000]],
    ['grow', [1]],
  ])('%s%j is within the limits', (name, args) => {
    expect(endOf(name, args)).toBeUndefined();
  });

  test.each(['stop', 'abort-it', 'out-of-bounds'])('%s is a trap', (name) => {
    expect(endOf(name)).toMatchObject({ code: 'trap' });
  });

  test('an err payload is a failure, and the instance goes on', () => {
    const instance = component.instantiate(makeHost().imports, limits);
    expect(() => instance.call(misbehave, 'refuse', [])).toThrow(GuestFailure);
    expect(instance.call(misbehave, 'well', [1])).toBe(2);
    instance.close();
  });

  test.each(['stop', 'recurse', 'spin'])('after %s the instance is not run again', (name) => {
    const instance = component.instantiate(makeHost().imports, limits);
    expect(() => instance.call(misbehave, name, name === 'recurse' ? [100_000_000] : [])).toThrow(EngineError);
    expect(() => instance.call(misbehave, 'well', [1])).toThrow(expect.objectContaining({ code: 'ended' }));
    instance.close();
  });

  test('handles that the guest held when it died are closed', () => {
    const host = makeHost();
    expect(endOf('hold', [3, true], host)).toMatchObject({ code: 'trap' });
    expect(host.closed).toEqual([1, 2, 3]);
  });

  test('handles that it still held when it returned are closed', () => {
    const host = makeHost();
    expect(run('hold', [3, false], host)).toBe(6);
    expect(host.closed).toEqual([1, 2, 3]);
  });

  const host = 'test:hostile/host@1.0.0';
  /** How a door is used, and what of the host's is reached by that. */
  const uses = [
    ['lend', 'enter', `${host}#enter: through`],
    ['give', 'give', `${host}#give: away`],
    ['knock', 'knock', `${host}#[method]door.knock: self`],
    ['lend-in-list', 'enterAll', `${host}#enter-all: ways[0].through`],
  ] as const;

  test.each(uses)('a door that it has reaches the host: %s', (how, name) => {
    const made = makeHost();
    run('use-well', [how], made);
    expect(made.reached).toEqual([[name, expect.any(made.Door)]]);
  });

  describe.each([
    ...[0, 1, 2, 3, 4, 1000, -1, 0x4000_0001, 0x3fff_ffff, -0x8000_0000, -0x7fff_ffff, 0x7fff_ffff].map(
      (number) => [`the number ${number}`, 'forge', [number]] as const,
    ),
    ['a door that it dropped', 'use-dropped', []] as const,
    ['a door that it gave away', 'use-given', []] as const,
    ['a window', 'use-window', []] as const,
  ])('%s as the handle of a door', (_what, call, args) => {
    test.each(uses)('is a trap, and nothing of the host is called: %s', (how, _name, path) => {
      const made = makeHost();
      const end = endOf(call, [how, ...args], made);
      expect(end).toMatchObject({ code: 'trap' });
      // What is given away is looked for by jco first; wasmtime looks before it knows what for.
      const known = nameOf(name) === 'v8' && how !== 'give';
      expect(end?.message).toMatch(
        known ? `${path}: there is no such door` : /there is no such door|unknown handle|handle index/,
      );
      expect(made.reached).toEqual(call === 'use-given' ? [['give', expect.any(made.Door)]] : []);
    });

    test('is not closed in place of another', () => {
      const made = makeHost();
      endOf(call, ['drop', ...args], made);
      expect(made.closed).toEqual(call === 'use-dropped' ? [1] : []);
    });
  });

  test.each([
    ['number', 300, 'u8', 'read-number'],
    ['number', '7', 'u8', 'read-number'],
    ['number', undefined, 'u8', 'read-number'],
    ['number', 1.5, 'u8', 'read-number'],
    ['text', 7, 'string', 'read-text'],
    ['text', null, 'string', 'read-text'],
  ])('a host function %s that returns %j, which is no %s, is found out', (name, value, type, call) => {
    const end = endOf(call, [], makeHost({ [name]: () => value }));
    expect(end).toMatchObject({ code: 'host-value' });
    expect(end?.message).toMatch(new RegExp(`#${name} returned: expected ${type}`));
  });

  test('a text of the host that is too long for the guest ends it', () => {
    expect(endOf('read-text', [], makeHost({ text: () => 'x'.repeat(1001) }))).toMatchObject({
      code: 'limit',
      limit: 'string',
    });
  });

  test('an argument of the wrong type is found out, with its path', () => {
    expect(endOf('well', ['x'])).toMatchObject({ code: 'host-value', message: 'well: v: expected u32, got "x"' });
  });

  test("a fault is the guest's to handle, any other error ends it and is kept", () => {
    const fault = () => {
      throw Object.assign(new HostFault({}, 'x'), { payload: 'four' });
    };
    expect(run('risk', [], makeHost({ risky: fault }))).toBe(1004);
    const cause = new Error('host bug');
    const bug = () => {
      throw cause;
    };
    expect(endOf('risk', [], makeHost({ risky: bug }))).toMatchObject({ code: 'host-failure', cause });
    expect(endOf('ping', [1], makeHost({ ping: bug }))).toMatchObject({ code: 'host-failure', cause });
  });

  test('a slow host function counts against the time', () => {
    const slow = () => {
      const until = performance.now() + 1000;
      while (performance.now() < until);
    };
    expect(endOf('ping', [1], makeHost({ ping: slow }))).toMatchObject({ code: 'limit', limit: 'time' });
  });

  test('a guest may run within a host function of another, and its end is its own', () => {
    let inner: unknown;
    const nested = () => {
      inner = endOf('spin', [], makeHost(), { time: 50 });
    };
    expect(endOf('ping', [1], makeHost({ ping: nested }), { time: 2000 })).toBeUndefined();
    expect(inner).toMatchObject({ code: 'limit', limit: 'time' });
  });

  test('the time of the outer guest ends the inner one too', () => {
    const started = performance.now();
    const nested = () => endOf('spin', [], makeHost(), { time: 60_000 });
    expect(endOf('ping', [1], makeHost({ ping: nested }), { time: 100 })).toMatchObject({
      code: 'limit',
      limit: 'time',
    });
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('memory that a component starts with counts', () => {
    expect(() => component.instantiate(makeHost().imports, { ...limits, memory: 1000 })).toThrow(
      expect.objectContaining({ code: 'limit', limit: 'memory' }),
    );
  });

  test('imports that the host does not have are all named', () => {
    const { imports } = makeHost();
    const { ping: _ping, say: _say, ...rest } = imports['test:hostile/host@1.0.0'] as Record<string, () => void>;
    expect(() => component.instantiate({ 'test:hostile/host@1.0.0': rest }, amplyLimited)).toThrow(
      expect.objectContaining({ code: 'missing-import', message: expect.stringMatching(/ping.*say/) }),
    );
  });

  test.each([
    ['nothing', new Uint8Array(0), 'not WebAssembly'],
    ['text', new TextEncoder().encode('hello, I am a plugin'), 'not WebAssembly'],
    ['a core module', Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), 'core module'],
    ['a component cut short', Uint8Array.from([0, 0x61, 0x73, 0x6d, 13, 0, 1, 0, 7, 9, 1]), 'unexpected end'],
  ])('%s is not a component', async (_what, bytes, message) => {
    await expect(engine.load(bytes)).rejects.toMatchObject({
      code: 'invalid-component',
      message: expect.stringContaining(message),
    });
  });
});
