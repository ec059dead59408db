import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { built } from '../../../host/cli/project.ts';
import { customSection, decodeComponent } from '../../../host/component/decode.ts';
import { capMemory, guardMemory, memoryGuardExport } from '../../../host/component/memory-guard.ts';
import { ComponentFormatError } from '../../../host/component/reader.ts';

const bridge = readFileSync(join(built.plugins, 'bridge.wasm'));

function outcomeOf(body: () => unknown): string {
  try {
    body();
    return 'read';
  } catch (error) {
    if (error instanceof ComponentFormatError) return 'refused';
    throw error;
  }
}

describe('a component', () => {
  test('shows what it imports and exports, and carries its manifest', () => {
    const { imports, exports } = decodeComponent(bridge);
    expect([...exports.keys()]).toEqual(['bulkhead:cni/plugin@0.1.0']);
    expect([...imports.keys()]).toContain('bulkhead:net/bridge-ports@0.1.0');
    expect(JSON.parse(new TextDecoder().decode(customSection(bridge, 'bulkhead:manifest')))).toMatchObject({
      types: ['bridge'],
    });
    expect(customSection(bridge, 'absent')).toBeUndefined();
  });

  test.each([
    ['nothing', new Uint8Array(), 'not WebAssembly'],
    ['text', new TextEncoder().encode('#!/bin/sh\n'), 'not WebAssembly'],
    [
      'a core module',
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
      'a core module or an unknown version, not a component',
    ],
  ])('is not %s', (_, bytes, why) => {
    expect(() => decodeComponent(bytes)).toThrow(why);
    expect(() => decodeComponent(bytes)).toThrow(ComponentFormatError);
  });

  test('that is cut anywhere, or has any byte changed, is read or refused, never anything else', () => {
    const cut = fc.nat(bridge.length - 1).map((length) => bridge.subarray(0, length));
    const changed = fc
      .tuple(fc.nat(bridge.length - 1), fc.integer({ min: 0, max: 255 }))
      .map(([at, byte]) => Uint8Array.from(bridge, (one, i) => (i === at ? byte : one)));
    const noise = fc.uint8Array({ maxLength: 200 }).map((tail) => Uint8Array.from([...bridge.subarray(0, 8), ...tail]));
    fc.assert(
      fc.property(fc.oneof(cut, changed, noise), (bytes) => {
        expect(['read', 'refused']).toContain(outcomeOf(() => decodeComponent(bytes)));
        expect(['read', 'refused']).toContain(outcomeOf(() => customSection(bytes, 'bulkhead:manifest')));
      }),
      { numRuns: 500 },
    );
  });
});

/** `(module (memory (export "m") 1) (func (export "grow") (param i32) (result i32) local.get 0 memory.grow))` */
const growing = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7f],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x05, 0x03, 0x01, 0x00, 0x01],
  ...[0x07, 0x0c, 0x02, 0x01, 0x6d, 0x02, 0x00, 0x04, 0x67, 0x72, 0x6f, 0x77, 0x00, 0x00],
  ...[0x0a, 0x08, 0x01, 0x06, 0x00, 0x20, 0x00, 0x40, 0x00, 0x0b],
]);

describe('the memory of a module', () => {
  const start = (bytes: Uint8Array<ArrayBuffer>) => new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports;

  test('grows up to its bound, and then says that it was refused', () => {
    const {
      grow,
      m,
      [memoryGuardExport]: refused,
    } = start(capMemory(guardMemory(growing), 4 * 65_536)) as {
      grow: (pages: number) => number;
      m: { readonly buffer: ArrayBuffer };
      [memoryGuardExport]: WebAssembly.Global;
    };
    expect([grow(1), grow(2), grow(0), refused.value]).toEqual([1, 2, 4, 0]);
    expect(() => grow(1)).toThrow('unreachable');
    expect(refused.value).toBe(1);
    expect(m.buffer.byteLength).toBe(4 * 65_536);
  });

  test('may not be more than its bound from the start', () => {
    expect(() => capMemory(growing, 65_535)).toThrow('starts with 65536 bytes of memory');
  });

  test('that never grows is left as it is', () => {
    const still = growing.map((byte, i) => (i === growing.length - 3 ? 0x1a : byte));
    expect(Buffer.from(guardMemory(still)).equals(still)).toBe(true);
  });

  test('any change to a module is guarded or refused, never anything else', () => {
    const changed = fc
      .tuple(fc.nat(growing.length - 9), fc.integer({ min: 0, max: 255 }))
      .map(([at, byte]) => Uint8Array.from(growing, (one, i) => (i === at + 8 ? byte : one)));
    fc.assert(
      fc.property(changed, (bytes) => {
        expect(['read', 'refused']).toContain(outcomeOf(() => guardMemory(bytes)));
      }),
      { numRuns: 500 },
    );
  });
});
