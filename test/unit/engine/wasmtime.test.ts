import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { built } from '../../../host/cli/project.ts';
import type { ComponentSource } from '../../../host/engine/engine.ts';
import { shapeOf } from '../../../host/engine/shape-of.ts';
import { prepareForWasmtime } from '../../../host/engine/wasmtime/compile.ts';
import { WasmtimeEngine } from '../../../host/engine/wasmtime/engine.ts';
import { CompiledStore } from '../../../host/engine/wasmtime/store.ts';
import { Seal } from '../../../host/trust/seal.ts';
import { Engine as NativeEngine } from '../../../native/wasmtime/wasmtime.ts';
import { amplyLimited, hasWasmtime } from '../../contract/engines.ts';
import { buildRawGuest, makeHost, rawGuest } from '../../contract/raw/guest.ts';

describe.skipIf(!hasWasmtime)('compiled components', () => {
  let source: ComponentSource;
  let directory: string;
  let store: CompiledStore;
  let native: NativeEngine;
  beforeAll(async () => {
    const bytes = await buildRawGuest();
    source = { bytes, digest: createHash('sha256').update(bytes).digest('hex') };
  }, 60_000);
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'bulkhead-compiled-'));
    store = new CompiledStore(directory, new Seal(new Uint8Array(32)));
    native = new NativeEngine(built.wasmtime);
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const file = () => join(store.directory, source.digest);
  const divide = (engine: WasmtimeEngine) =>
    engine.load(source).instantiate(makeHost([]), amplyLimited).call(rawGuest, 'divide', [9, 3]);

  test('are one file each, and nothing else', () => {
    prepareForWasmtime(native, store, source);
    prepareForWasmtime(native, store, source);
    expect(readdirSync(directory)).toEqual(['wasmtime-2']);
    expect(readdirSync(store.directory)).toEqual([source.digest]);
  });

  test('run as what they were made of', () => {
    prepareForWasmtime(native, store, source);
    expect(divide(new WasmtimeEngine(native, store))).toBe(3);
  });

  test.each([
    ['the code', (bytes: Buffer) => bytes.length - 1],
    ['the seal', () => 0],
  ])('that were changed are refused, and made anew at install: %s', (_, position) => {
    // Of the digest nothing may be in use: then it would not be read.
    const other = { ...source, digest: `${source.digest.slice(1)}0` };
    prepareForWasmtime(native, store, other);
    const path = join(store.directory, other.digest);
    const bytes = readFileSync(path);
    const at = position(bytes);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(path, bytes);
    expect(() => store.find(other.digest)).toThrow('is not what it was');
    prepareForWasmtime(native, store, other);
    expect(store.find(other.digest)).toBeDefined();
  });

  test('of another component, or under another seal, are refused', () => {
    prepareForWasmtime(native, store, source);
    const bytes = readFileSync(file());
    writeFileSync(join(store.directory, 'another'), bytes);
    expect(() => store.find('another')).toThrow('is not what it was');
    const elsewhere = new CompiledStore(directory, new Seal(new Uint8Array(32).fill(1)));
    expect(() => elsewhere.find(source.digest)).toThrow('is not what it was');
  });

  test('that are missing, or authentic but of another version, are made again, and kept', () => {
    const kept = () => store.find(other.digest)?.code.length;
    // Of the digest nothing may be in use: then it would be shared.
    const other = { ...source, digest: `${source.digest.slice(1)}1` };
    new WasmtimeEngine(native, store).load(other);
    expect(kept()).toBeGreaterThan(10_000);
    const another = { ...source, digest: `${source.digest.slice(1)}2` };
    store.keep(another.digest, { shape: shapeOf(source.bytes), code: new TextEncoder().encode('of another version') });
    const loaded = new WasmtimeEngine(native, store).load(another);
    expect(loaded.instantiate(makeHost([]), amplyLimited).call(rawGuest, 'divide', [9, 3])).toBe(3);
    expect(store.find(another.digest)?.code.length).toBe(kept());
    prepareForWasmtime(native, store, another);
    expect(store.find(another.digest)?.code.length).toBe(kept());
  });

  test('have the shape of their component, also where they cannot be written', () => {
    const wanted = shapeOf(source.bytes);
    prepareForWasmtime(native, store, source);
    expect(store.find(source.digest)?.shape).toEqual(wanted);
    expect(new WasmtimeEngine(native, store).load(source).shape).toEqual(wanted);
    const nowhere = new CompiledStore('/proc/nowhere', new Seal(new Uint8Array(32)));
    expect(new WasmtimeEngine(native, nowhere).load(source).shape).toEqual(wanted);
  });

  test.each([
    ['nothing', new Uint8Array(0), 'not WebAssembly'],
    // A section of a component that the host's decoder does not look into: a core type.
    ['what wasmtime finds wrong', Uint8Array.of(0, 97, 115, 109, 13, 0, 1, 0, 3, 2, 1, 99), 'invalid'],
  ])('are not made of %s', (_, bytes, message) => {
    const bad = { bytes, digest: createHash('sha256').update(bytes).digest('hex') };
    for (const attempt of [
      () => prepareForWasmtime(native, store, bad),
      () => new WasmtimeEngine(native, store).load(bad),
    ]) {
      expect(attempt).toThrow(
        expect.objectContaining({ code: 'invalid-component', message: expect.stringContaining(message) }),
      );
    }
  });
});
