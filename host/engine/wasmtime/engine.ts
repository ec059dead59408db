import type { Component, Engine as Native } from '../../../native/wasmtime/wasmtime.ts';
import type { ComponentShape } from '../../component/shape.ts';
import type { ComponentSource, Engine, HostImports, Instance, Limits, LoadedComponent } from '../engine.ts';
import { shapeOf } from '../shape-of.ts';
import { compile } from './compile.ts';
import { engineError } from './errors.ts';
import { WasmtimeInstance } from './instance.ts';
import type { CompiledStore } from './store.ts';

/** Runs components on wasmtime, through `native/wasmtime`. Its native engine may be shared with other threads, and so is the code. */
export class WasmtimeEngine implements Engine {
  readonly name = 'wasmtime';
  readonly #native: Native;
  readonly #store: CompiledStore;
  readonly #loaded = new Map<string, LoadedComponent>();

  constructor(native: Native, store: CompiledStore) {
    this.#native = native;
    this.#store = store;
  }

  load(source: ComponentSource): LoadedComponent {
    const before = this.#loaded.get(source.digest);
    if (before !== undefined) return before;
    const loaded = new WasmtimeComponent(source.digest, shapeOf(source.bytes), this.#ready(source));
    this.#loaded.set(source.digest, loaded);
    return loaded;
  }

  /** What another thread has, what was compiled before, or compiled now: where it was not prepared, or for another processor. */
  #ready(source: ComponentSource): Component {
    const shared = this.#native.find(source.digest);
    if (shared !== undefined) return shared;
    const code = this.#store.find(source.digest);
    if (code === undefined) return compile(this.#native, source);
    try {
      return this.#native.deserialize(code, source.digest);
    } catch {
      // The code is authentic, so its version or its processor is another one.
      return compile(this.#native, source);
    }
  }
}

class WasmtimeComponent implements LoadedComponent {
  readonly digest: string;
  readonly shape: ComponentShape;
  readonly #native: Component;

  constructor(digest: string, shape: ComponentShape, native: Component) {
    this.digest = digest;
    this.shape = shape;
    this.#native = native;
  }

  instantiate(imports: HostImports, limits: Limits): Instance {
    try {
      return new WasmtimeInstance(this.#native.instantiate(imports, limits));
    } catch (error) {
      throw engineError(error);
    }
  }
}
