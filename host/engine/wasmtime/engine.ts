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
    const loaded = this.#share(source) ?? this.#restore(source) ?? this.#compile(source);
    this.#loaded.set(source.digest, loaded);
    return loaded;
  }

  /** What another thread has. */
  #share({ bytes, digest }: ComponentSource): LoadedComponent | undefined {
    const shared = this.#native.find(digest);
    return shared && new WasmtimeComponent(digest, shapeOf(bytes), shared);
  }

  /** What was compiled before. */
  #restore({ digest }: ComponentSource): LoadedComponent | undefined {
    const found = this.#store.find(digest);
    if (found === undefined) return undefined;
    try {
      return new WasmtimeComponent(digest, found.shape, this.#native.deserialize(found.code, digest));
    } catch {
      // The code is authentic, so its version or its processor is another one.
      return undefined;
    }
  }

  /** Where it was not prepared, or for another processor: a machine may have been moved. Others find it from now on. */
  #compile(source: ComponentSource): LoadedComponent {
    const shape = shapeOf(source.bytes);
    const compiled = compile(this.#native, source);
    try {
      this.#store.keep(source.digest, { shape, code: compiled.serialize() });
    } catch {
      // A disk that is full, or may not be written: the next call compiles it again.
    }
    return new WasmtimeComponent(source.digest, shape, compiled);
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
