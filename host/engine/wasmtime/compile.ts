import type { Component, Engine as Native } from '../../../native/wasmtime/wasmtime.ts';
import type { ComponentSource } from '../engine.ts';
import { shapeOf } from '../shape-of.ts';
import { engineError } from './errors.ts';
import type { CompiledStore } from './store.ts';

/** Compiles a component. Throws EngineError `invalid-component`. */
export function compile(native: Native, { bytes, digest }: ComponentSource): Component {
  try {
    return native.compile(bytes, digest);
  } catch (error) {
    throw engineError(error);
  }
}

/**
 * Makes a component ready for the engine, unless that was done before. At install: a call does it too, but needs some 50 ms for it.
 * What is there of another version or under another seal is made anew. Throws EngineError `invalid-component`.
 */
export function prepareForWasmtime(native: Native, store: CompiledStore, source: ComponentSource): void {
  if (isReady(native, store, source)) return;
  const shape = shapeOf(source.bytes);
  store.keep(source.digest, { shape, code: compile(native, source).serialize() });
}

function isReady(native: Native, store: CompiledStore, { digest }: ComponentSource): boolean {
  try {
    const found = store.find(digest);
    if (found === undefined) return false;
    native.deserialize(found.code);
    return true;
  } catch {
    // Changed, sealed otherwise, or of another version: none of them is run.
    return false;
  }
}
