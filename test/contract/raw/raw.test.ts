import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Limits, LoadedComponent } from '../../../host/engine/engine.ts';
import { EngineError, GuestFailure } from '../../../host/engine/errors.ts';
import {
  amplyLimited,
  describeEachEngine,
  type EngineName,
  makeTestEngine,
  nameOf,
  type TestEngine,
} from '../engines.ts';
import { buildRawGuest, makeHost, rawGuest } from './guest.ts';

const limits: Limits = { ...amplyLimited, memory: 1024 * 1024, time: 200 };

/** What comes of a call: its value, or what the host got; `trap`, `limit: NAME`, or `err: PAYLOAD`. */
type Outcome = unknown;
const trap = 'trap';

/** The end of memory, which has one page. */
const end = 65_536;
const huge = 0xffff_ffff;
/** The memory's: `guest.wat` says what is where. */
const at = { text: 256, lone: 288, texts: 304, result: 128, room: 1024 };

const agreed: readonly (readonly [name: string, args: readonly number[], outcome: Outcome])[] = [
  ['give-text', [at.lone, 1], 'a'],
  ['give-text', [end, 0], ''],
  ['give-text', [end + 1, 0], trap],
  ['give-text', [end - 6, 10], trap],
  ['give-text', [huge - 1, 2], trap],
  ['give-text', [at.text, huge], trap],
  ['give-text', [at.text + 1, 1], trap],
  ['give-list', [at.text, 0], []],
  ['give-list', [at.text + 1, 1], trap],
  ['give-list', [at.text + 1, 0], trap],
  ['give-texts', [at.texts + 8, 1], trap],
  ['give-texts', [at.texts + 1, 1], trap],
  ['give-bytes', [at.lone, 3], Uint8Array.of(97, 0, 0)],
  ['give-bytes', [end, 0], new Uint8Array(0)],
  ['give-bool', [0], false],
  ['give-bool', [1], true],
  ['give-small', [255], 255],
  ['give-signed', [127], 127],
  ['give-char', [97], 'a'],
  ['give-char', [0xd800], trap],
  ['give-char', [0xdfff], trap],
  ['give-char', [0x10_ffff], '\u{10ffff}'],
  ['give-char', [0x11_0000], trap],
  ['give-char', [huge], trap],
  ['give-colour', [2], 'blue'],
  ['give-colour', [3], trap],
  ['give-colour', [256], trap],
  ['give-colour', [huge], trap],
  ['give-rights', [3], { read: true, write: true }],
  ['give-shape', [0, 9, 9], { tag: 'nothing' }],
  ['give-shape', [1, 9, 9], { tag: 'circle', val: 9 }],
  ['give-shape', [2, at.lone, 1], { tag: 'label', val: 'a' }],
  ['give-shape', [2, at.text, 0xff_ffff], trap],
  ['give-shape', [3, 0, 0], trap],
  ['give-shape', [huge, 0, 0], trap],
  ['give-maybe', [0, 5], undefined],
  ['give-maybe', [1, 5], 5],
  ['give-maybe', [2, 5], trap],
  ['give-pair', [3, end, 1], trap],
  ['take-text', [at.room, at.result], 4],
  ['take-text', [0, at.result], 4],
  ['take-text', [at.room + 1, at.result], trap],
  ['take-text', [end - 1, at.result], trap],
  ['take-text', [end, at.result], trap],
  ['take-text', [huge, at.result], trap],
  ['take-text', [at.room, end], trap],
  ['take-text', [at.room, end - 4], trap],
  ['take-text-badly', [1], trap],
  ['take-text-badly', [3], 'limit: time'],
  ['take-text-badly', [4], 'limit: memory'],
  ['return-text', [at.lone, 1], 'a'],
  ['return-text', [end, 0], ''],
  ['return-text', [end, 1], trap],
  ['return-text', [huge, 0], trap],
  ['return-from', [at.result], ''],
  ['return-from', [end], trap],
  ['return-from', [end - 4], trap],
  ['return-list', [at.texts, 2], [256, 2]],
  ['return-list', [at.texts + 1, 2], trap],
  ['return-char', [98], 'b'],
  ['return-char', [0xd800], trap],
  ['return-colour', [1], 'green'],
  ['return-colour', [3], trap],
  ['return-shape', [1, 1, 1], { tag: 'circle', val: 1 }],
  // A case's number is a byte in memory.
  ['return-shape', [257, 1, 1], { tag: 'circle', val: 1 }],
  ['return-shape', [3, 0, 0], trap],
  ['return-shape', [2, end, 1], trap],
  ['return-result', [0, 1], 1],
  ['return-result', [1, 1], 'err: 1'],
  ['return-result', [2, 1], trap],
  ['divide', [1, 0], trap],
  ['divide', [-0x8000_0000, -1], trap],
  ['remain', [1, 0], trap],
  ['remain', [-0x8000_0000, -1], 0],
  ['truncate', [1e10], trap],
  ['truncate', [Number.NaN], trap],
  ['call-table', [0], 7],
  ['call-table', [1], trap],
  ['call-table', [2], trap],
  ['call-table', [3], trap],
  ['fill', [1000, 10], undefined],
  ['fill', [0, end + 1], trap],
  ['load', [end - 3], trap],
  ['load', [huge], trap],
  // The table starts with 3, its module allows 70,000, and no table has more than 65,536.
  ['grow-table', [65_533], 3],
  ['grow-table', [65_534], -1],
  ['grow-table', [0x7fff_ffff], -1],
  ['grow-memory', [1], 1],
  ['grow-memory', [100], 'limit: memory'],
  ['grow-memory', [end], 'limit: memory'],
  ['grow-memory', [huge], 'limit: memory'],
  ['end-badly', [1], trap],
  ['end-badly', [2], trap],
  ['end-badly', [3], 'limit: time'],
];

/**
 * Where jco is not as strict as the canonical ABI, or stricter. wasmtime follows it. The guest hurts nobody by it but itself: the host
 * gets a value of the type, of what is in the guest's own memory.
 */
const different: readonly (readonly [
  why: string,
  name: string,
  args: readonly number[],
  Record<EngineName, Outcome>,
])[] = [
  ['a lone surrogate', 'give-text', [at.lone, 3], { v8: 'a\ufffdb', wasmtime: trap }],
  ['a list beyond the end of memory', 'give-list', [end - 4, 2], { v8: [0], wasmtime: trap }],
  ['an empty list beyond it', 'give-list', [end + 4, 0], { v8: [], wasmtime: trap }],
  ['bytes beyond it', 'give-bytes', [end - 1, 2], { v8: Uint8Array.of(0), wasmtime: trap }],
  ['a bool of 2', 'give-bool', [2], { v8: trap, wasmtime: true }],
  ['a u8 of 256', 'give-small', [256], { v8: trap, wasmtime: 0 }],
  ['a s8 of 128', 'give-signed', [128], { v8: trap, wasmtime: -128 }],
  ['a flag that there is not', 'give-rights', [7], { v8: trap, wasmtime: { read: true, write: true } }],
  ['a bool of 2, returned', 'return-bool', [2], { v8: trap, wasmtime: true }],
  ['a result area that is not aligned', 'take-text', [at.room, at.result + 1], { v8: 4, wasmtime: trap }],
  ['a returned area that is not aligned', 'return-from', [at.result + 1], { v8: '', wasmtime: trap }],
  ['a call of the host while it gives a text', 'take-text-badly', [2], { v8: 'ping', wasmtime: trap }],
];

describeEachEngine('a core module against the canonical ABI', (kind) => {
  let engine: TestEngine;
  let component: LoadedComponent;

  beforeAll(async () => {
    engine = makeTestEngine(kind);
    component = await engine.load(await buildRawGuest());
  }, 60_000);
  afterAll(() => engine[Symbol.dispose]());

  function outcome(name: string, args: readonly number[]): Outcome {
    const seen: unknown[] = [];
    const instance = component.instantiate(makeHost(seen), limits);
    try {
      const value = instance.call(rawGuest, name, args);
      return seen.length > 0 ? seen[0] : value;
    } catch (error) {
      if (error instanceof GuestFailure) return `err: ${error.payload}`;
      if (!(error instanceof EngineError)) throw error;
      return error.limit === undefined ? error.code : `limit: ${error.limit}`;
    } finally {
      instance.close();
    }
  }

  test.each(agreed)('%s%j comes to %j', (name, args, expected) => {
    expect(outcome(name, args)).toEqual(expected);
  });

  test.each(different)('%s: %s%j', (_, name, args, expected) => {
    expect(outcome(name, args)).toEqual(expected[nameOf(kind)]);
  });
});
