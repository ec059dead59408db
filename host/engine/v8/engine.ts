import { Script } from 'node:vm';
import { capMemory, MemoryTooLarge } from '../../component/memory-guard.ts';
import type { ComponentShape } from '../../component/shape.ts';
import type { ComponentSource, Engine, HostImports, Instance, Limits, LoadedComponent } from '../engine.ts';
import { EngineError, limitError } from '../errors.ts';
import { type Instantiate, V8Instance } from './instance.ts';
import type { TranspiledStore } from './store.ts';

/** Runs components on Node's own WebAssembly, through what jco made of them at install. */
export class V8Engine implements Engine {
  readonly name = 'v8';
  readonly #store: TranspiledStore;
  readonly #loaded = new Map<string, V8Component>();

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
    const loaded = new V8Component(source.digest, transpiled.shape, script.runInThisContext(), transpiled.cores);
    this.#loaded.set(source.digest, loaded);
    return loaded;
  }

  prepareNext(): void {
    for (const component of this.#loaded.values()) component.prepareNext();
  }
}

class V8Component implements LoadedComponent {
  readonly digest: string;
  readonly shape: ComponentShape;
  readonly #instantiate: Instantiate;
  readonly #cores: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Compiled, by name and memory limit. */
  readonly #modules = new Map<string, WebAssembly.Module>();
  /** Of the last instance. */
  #limits: Limits | undefined;
  /** An instance that nobody has called, of a component with so much memory. */
  #next: { readonly instance: V8Instance; readonly memory: number } | undefined;

  constructor(
    digest: string,
    shape: ComponentShape,
    instantiate: Instantiate,
    cores: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  ) {
    this.digest = digest;
    this.shape = shape;
    this.#instantiate = instantiate;
    this.#cores = cores;
  }

  instantiate(imports: HostImports, limits: Limits): Instance {
    this.#limits = limits;
    const next = this.#next;
    this.#next = undefined;
    if (next?.memory !== limits.memory) return this.#make(limits, imports);
    next.instance.begin(imports, limits);
    return next.instance;
  }

  /** Makes an instance ahead, as the last one was. */
  prepareNext(): void {
    if (this.#limits === undefined || this.#next !== undefined) return;
    try {
      this.#next = { instance: this.#make(this.#limits), memory: this.#limits.memory };
    } catch {
      // Whatever it is, the next call will say so; a component may also need the host to be made.
      this.#limits = undefined;
    }
  }

  #make(limits: Limits, imports?: HostImports): V8Instance {
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
