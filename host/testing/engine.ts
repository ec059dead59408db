import { join } from 'node:path';
import { Engine as NativeEngine } from '../../native/wasmtime/wasmtime.ts';
import { built } from '../cli/project.ts';
import type { ComponentSource, Engine } from '../engine/engine.ts';
import { V8Engine } from '../engine/v8/engine.ts';
import { prepareComponent } from '../engine/v8/prepare.ts';
import { TranspiledStore } from '../engine/v8/store.ts';
import { prepareForWasmtime } from '../engine/wasmtime/compile.ts';
import { WasmtimeEngine } from '../engine/wasmtime/engine.ts';
import { CompiledStore } from '../engine/wasmtime/store.ts';
import { openToAll } from '../trust/seal.ts';

/**
 * The engine of a node for tests, with its plugins made ready below the directory: V8, or wasmtime where the environment has
 * BULKHEAD_ENGINE=wasmtime (and `npm run build:native` built it).
 */
export async function openTestEngine(directory: string, plugins: readonly ComponentSource[]): Promise<Engine> {
  if (process.env.BULKHEAD_ENGINE === 'wasmtime') {
    const native = new NativeEngine(built.wasmtime);
    const store = new CompiledStore(join(directory, 'compiled'), openToAll);
    for (const plugin of plugins) prepareForWasmtime(native, store, plugin);
    return new WasmtimeEngine(native, store);
  }
  const store = new TranspiledStore(join(directory, 'transpiled'), openToAll);
  for (const plugin of plugins) await prepareComponent(store, plugin);
  return new V8Engine(store);
}
