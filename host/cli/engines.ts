import { existsSync } from 'node:fs';
import { Engine as NativeEngine } from '../../native/wasmtime/wasmtime.ts';
import type { ComponentSource, Engine } from '../engine/engine.ts';
import { V8Engine } from '../engine/v8/engine.ts';
import { TranspiledStore } from '../engine/v8/store.ts';
import { prepareForWasmtime } from '../engine/wasmtime/compile.ts';
import { WasmtimeEngine } from '../engine/wasmtime/engine.ts';
import { CompiledStore } from '../engine/wasmtime/store.ts';
import type { Seal } from '../trust/seal.ts';
import type { Layout } from './layout.ts';

export const engineNames = ['v8', 'wasmtime'] as const;
export type EngineName = (typeof engineNames)[number];

/** What the machine's secret authenticates: code made of components. */
const purposes = { v8: 'bulkhead transpiled component 1', wasmtime: 'bulkhead compiled component 1' } as const;

/** Room for so many instances at once, in all threads together. */
const instances = 64;

/** Wasmtime where the release has it, since it is faster at every call. */
export function preferredEngine({ wasmtime }: Layout): EngineName {
  return existsSync(wasmtime) ? 'wasmtime' : 'v8';
}

/** The engine for one call: what is preferred, where it fits this machine. */
export function openPreferredEngine(layout: Layout, seal: Seal): Engine {
  if (preferredEngine(layout) === 'wasmtime') {
    try {
      return openEngine(layout, seal, 'wasmtime');
    } catch {
      // Slower, and always there.
    }
  }
  return openEngine(layout, seal, 'v8');
}

/** The engine, for the calling thread. Throws where wasmtime does not fit this machine. */
export function openEngine(layout: Layout, seal: Seal, name: EngineName): Engine {
  if (name === 'v8') return new V8Engine(transpiledStore(layout, seal));
  return new WasmtimeEngine(openNative(layout), compiledStore(layout, seal));
}

export function transpiledStore({ transpiled }: Layout, seal: Seal): TranspiledStore {
  return new TranspiledStore(transpiled, seal.for(purposes.v8));
}

/** Compiles a component where wasmtime is installed, unless that was done before. */
export function compileInstalled(layout: Layout, seal: Seal, source: ComponentSource): void {
  if (preferredEngine(layout) !== 'wasmtime') return;
  prepareForWasmtime(openNative(layout), compiledStore(layout, seal), source);
}

function openNative({ wasmtime }: Layout): NativeEngine {
  return new NativeEngine(wasmtime, { instances });
}

function compiledStore({ compiled }: Layout, seal: Seal): CompiledStore {
  return new CompiledStore(compiled, seal.for(purposes.wasmtime));
}
