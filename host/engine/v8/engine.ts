import { Script } from 'node:vm';
import { capMemory, MemoryTooLarge } from '../../component/memory-guard.ts';
import type { ComponentShape } from '../../component/shape.ts';
import { Ahead } from '../ahead.ts';
import type { ComponentSource, Engine, HostImports, Instance, Limits, LoadedComponent } from '../engine.ts';
import { EngineError, limitError } from '../errors.ts';
import { type Instantiate, V8Instance } from './instance.ts';
import type { TranspiledStore } from './store.ts';

/** Runs components on Node's own WebAssembly, through what jco made of them at install. */
export class V8Engine implements Engine {
  readonly name = 'v8';
  readonly #store: TranspiledStore;
  readonly #loaded = new Map<string, V8Component>();
  readonly #ahead: AheadOnV8 = new Ahead();

  constructor(store: TranspiledStore) {
    this.#store = store;
  }

  load(source: ComponentSource): LoadedComponent {
    const before = this.#loaded.get(source.digest);
    if (before !== undefined) return before;
    const transpiled = this.#store.find(source.digest);
    if (transpiled === undefined) {
      throw new EngineError(
        'invalid-component',
        `no transpiled form of component ${source.digest}: it was not installed`,
      );
    }
    const script = new Script(transpiled.glue, {
      cachedData: transpiled.codeCache,
      filename: `component-${source.digest}.js`,
    });
    const loaded = new V8Component(
      this.#ahead,
      source.digest,
      transpiled.shape,
      script.runInThisContext(),
      transpiled.cores,
    );
    this.#loaded.set(source.digest, loaded);
    return loaded;
  }

  prepareNext(): void {
    this.#ahead.prepare((component, limits) => component.make(limits));
  }
}

type AheadOnV8 = Ahead<V8Component, V8Instance>;

class V8Component implements LoadedComponent {
  readonly digest: string;
  readonly shape: ComponentShape;
  readonly #instantiate: Instantiate;
  readonly #cores: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Compiled, by name and memory limit. */
  readonly #modules = new Map<string, WebAssembly.Module>();
  readonly #ahead: AheadOnV8;

  constructor(
    ahead: AheadOnV8,
    digest: string,
    shape: ComponentShape,
    instantiate: Instantiate,
    cores: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  ) {
    this.#ahead = ahead;
    this.digest = digest;
    this.shape = shape;
    this.#instantiate = instantiate;
    this.#cores = cores;
  }

  instantiate(imports: HostImports, limits: Limits): Instance {
    const ready = this.#ahead.take(this, limits);
    if (ready === undefined) return this.make(limits, imports);
    ready.begin(imports, limits);
    return ready;
  }

  /** Without imports: ahead. */
  make(limits: Limits, imports?: HostImports): V8Instance {
    const core = (name: string) => this.#core(name, limits.memory);
    return new V8Instance(this.shape, this.#instantiate, core, limits, imports);
  }

  #core(name: string, memory: number): WebAssembly.Module {
    const key = `${name} ${memory}`;
    const before = this.#modules.get(key);
    if (before !== undefined) return before;
    const bytes = this.#cores.get(name);
    if (bytes === undefined) throw new EngineError('invalid-component', `core module ${name} is missing`);
    const module = new WebAssembly.Module(cap(bytes, memory));
    this.#modules.set(key, module);
    return module;
  }
}

function cap(module: Uint8Array<ArrayBuffer>, memory: number): Uint8Array<ArrayBuffer> {
  try {
    return capMemory(module, memory);
  } catch (error) {
    if (!(error instanceof MemoryTooLarge)) throw error;
    throw limitError('memory', `the guest ${error.message}, more than the limit of ${memory}`, { cause: error });
  }
}
