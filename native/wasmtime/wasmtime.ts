import { loadAddon, type RawComponent, type RawEngine } from './addon.ts';
import { Binding, type HostImports } from './binding.ts';
import { Crossing } from './crossing.ts';
import { Instance, type Limits } from './instance.ts';
import { Plan } from './plan.ts';
import type { FunctionType, ResourceType } from './shape.ts';
import { type BoundHost, Side } from './side.ts';

export type { Instance, Limits } from './instance.ts';
export type { GuestResource } from './side.ts';

export interface EngineOptions {
  /**
   * Instances that there is room for at once, in all threads: 4 GiB of address space each, reserved beforehand, make a fresh instance
   * several times faster. None by default: room is then made for each.
   */
  readonly instances?: number;
  /** Bytes of the thread's native stack that a guest may use: 512 KiB by default. Beyond 1 MiB, little is left to call JavaScript from. */
  readonly stack?: number;
}

/**
 * Compiles components. The engine of a process is shared by all threads that open it with the same options, and so is what is compiled.
 *
 *     const engine = new Engine('/path/to/wasmtime.node');
 *     const component = engine.compile(bytes);
 *     const instance = component.instantiate({ 'my:host/log@1.0.0': { write: (line) => console.log(line) } }, { time: 100 });
 *     instance.call('my:guest/run@1.0.0', 'run', ['hello']);
 *     instance.close();
 */
export class Engine {
  readonly #crossing: Crossing;
  readonly #raw: RawEngine;

  /** Loads the addon from its file. Its thread, which watches deadlines, stays in the namespaces of the thread that opens it first. */
  constructor(path: string, { instances = 0, stack = 512 * 1024 }: EngineOptions = {}) {
    const addon = loadAddon(path);
    this.#crossing = Crossing.of(addon);
    this.#raw = this.#crossing.settle(addon.Engine.open(instances, stack));
  }

  /**
   * Compiles a component, unless some thread has one under that key; a digest of the bytes, say. Throws WasmtimeError
   * `invalid-component`.
   */
  compile(bytes: Uint8Array, key?: string): Component {
    return this.#made(this.#raw.compile(bytes, key ?? unshared()));
  }

  /**
   * Loads what `serialize` gave. That is machine code: authenticate it, and hand over the very bytes that were authenticated.
   * Throws WasmtimeError `invalid-component` for code of another version, configuration or processor.
   */
  deserialize(bytes: Uint8Array, key?: string): Component {
    return this.#made(this.#raw.deserialize(bytes, key ?? unshared()));
  }

  /** What was compiled or deserialized under that key, in any thread, and is still in use. */
  find(key: string): Component | undefined {
    const found = this.#raw.find(key);
    return found === null ? undefined : new Component(this.#crossing, found);
  }

  #made(raw: RawComponent): Component {
    return new Component(this.#crossing, this.#crossing.settle(raw));
  }
}

/** A component that is ready to run. */
export class Component {
  readonly imports: readonly FunctionType[];
  readonly exports: readonly FunctionType[];
  readonly resources: readonly ResourceType[];
  readonly #crossing: Crossing;
  readonly #raw: RawComponent;
  readonly #plan: Plan;
  readonly #binding: Binding;

  /** Made by an engine. */
  constructor(crossing: Crossing, raw: RawComponent) {
    this.#crossing = crossing;
    this.#raw = raw;
    this.imports = raw.imports();
    this.exports = raw.exports();
    this.resources = raw.resources();
    this.#plan = new Plan(this.imports, this.exports, this.resources);
    this.#binding = new Binding(this.imports, this.resources);
  }

  /** The machine code, for `Engine.deserialize` of this build of the addon. */
  serialize(): Uint8Array {
    return this.#crossing.settle(this.#raw.serialize());
  }

  /** An instance in a store of its own. Throws WasmtimeError `missing-import`, or as a call does. */
  instantiate(host: HostImports, limits: Limits = {}): Instance {
    return this.#instantiate(this.#binding.to(host), limits);
  }

  /**
   * The same ahead of the time when there is a host: to be called after `begin`. What calls the host while it starts cannot be made so:
   * throws as a call does.
   */
  prepare(limits: Limits = {}): Instance {
    return this.#instantiate(nobody, limits);
  }

  #instantiate(host: BoundHost, limits: Limits): Instance {
    const side = new Side(this.#plan, this.#crossing.exchange, host, Instance.limitsOfValues(limits));
    const { memory = unlimited } = limits;
    const others = Instance.limitsOfGuests(limits);
    try {
      const answer = this.#crossing.enter(side, () => this.#raw.instantiate(memory, ...others));
      if (answer.kind !== 'value') throw side.end(answer);
      return new Instance(this.#crossing, answer.value, side, this.#plan, this.#binding);
    } catch (error) {
      // Also where Rust panicked.
      side.closeAll();
      throw error;
    } finally {
      this.#crossing.leave();
    }
  }
}

const unlimited = Number.POSITIVE_INFINITY;
const nobody: BoundHost = { functions: [], classes: [] };

let components = 0;

/** A key that no other component has. */
function unshared(): string {
  return `${process.pid} ${performance.timeOrigin} ${++components}`;
}
