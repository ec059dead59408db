import type { Component, Engine as Native, Instance as NativeInstance } from '../../../native/wasmtime/wasmtime.ts';
import type { ComponentShape } from '../../component/shape.ts';
import { Ahead } from '../ahead.ts';
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
  readonly #ahead: AheadOnWasmtime = new Ahead();

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

  prepareNext(): void {
    this.#ahead.prepare((component, limits) => component.prepare(limits));
  }

  /** What another thread has. */
  #share({ bytes, digest }: ComponentSource): LoadedComponent | undefined {
    const shared = this.#native.find(digest);
    return shared && new WasmtimeComponent(this.#ahead, digest, shapeOf(bytes), shared);
  }

  /** What was compiled before. */
  #restore({ digest }: ComponentSource): LoadedComponent | undefined {
    const found = this.#store.find(digest);
    if (found === undefined) return undefined;
    try {
      return new WasmtimeComponent(this.#ahead, digest, found.shape, this.#native.deserialize(found.code, digest));
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
    return new WasmtimeComponent(this.#ahead, source.digest, shape, compiled);
  }
}

type AheadOnWasmtime = Ahead<WasmtimeComponent, WasmtimeInstance>;

class WasmtimeComponent implements LoadedComponent {
  readonly digest: string;
  readonly shape: ComponentShape;
  readonly #ahead: AheadOnWasmtime;
  readonly #native: Component;

  constructor(ahead: AheadOnWasmtime, digest: string, shape: ComponentShape, native: Component) {
    this.#ahead = ahead;
    this.digest = digest;
    this.shape = shape;
    this.#native = native;
  }

  instantiate(imports: HostImports, limits: Limits): Instance {
    const ready = this.#ahead.take(this, limits);
    if (ready === undefined) return made(() => this.#native.instantiate(imports, limits));
    ready.begin(imports, limits);
    return ready;
  }

  /** One that has no host yet. */
  prepare(limits: Limits): WasmtimeInstance {
    return made(() => this.#native.prepare(limits));
  }
}

function made(make: () => NativeInstance): WasmtimeInstance {
  try {
    return new WasmtimeInstance(make());
  } catch (error) {
    throw engineError(error);
  }
}
