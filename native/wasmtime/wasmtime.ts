import { type Addon, loadAddon, type RawComponent, type RawEngine, type RawInstance } from './addon.ts';
import { Binding, type HostImports } from './binding.ts';
import { WasmtimeError } from './errors.ts';
import { close, settle } from './settle.ts';
import type { FunctionType, ResourceType } from './shape.ts';

export interface EngineOptions {
  /**
   * Instances that there is room for at once, in all threads: 4 GiB of address space each, reserved beforehand, make a fresh instance
   * several times faster. None by default: room is then made for each.
   */
  readonly instances?: number;
  /** Bytes of the thread's native stack that a guest may use: 512 KiB by default. Beyond 1 MiB, little is left to call JavaScript from. */
  readonly stack?: number;
}

/** What an instance may use up; without limit where nothing is said. Each has a WasmtimeError `limit` of its own, which names it. */
export interface Limits {
  /** Linear memory, bytes. */
  readonly memory?: number;
  /** Wall time of one call, milliseconds. A host function is not cut short: the guest ends when that returns. */
  readonly time?: number;
  /** Calls from the guest to the host. */
  readonly hostCalls?: number;
  /** Objects of the host that the guest owns at once. */
  readonly handles?: number;
  /** UTF-16 units of one text, either way. */
  readonly string?: number;
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
  readonly #status: Uint8Array;
  readonly #raw: RawEngine;

  /** Loads the addon from its file. Its thread, which watches deadlines, stays in the namespaces of the thread that opens it first. */
  constructor(path: string, { instances = 0, stack = 512 * 1024 }: EngineOptions = {}) {
    const addon = loadAddon(path);
    this.#status = statusOf(addon);
    this.#raw = settle(this.#status, addon.Engine.open(instances, stack));
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
    return found === null ? undefined : new Component(this.#status, found);
  }

  #made(raw: RawComponent): Component {
    return new Component(this.#status, settle(this.#status, raw));
  }
}

/** A component that is ready to run. */
export class Component {
  readonly imports: readonly FunctionType[];
  readonly exports: readonly FunctionType[];
  readonly resources: readonly ResourceType[];
  readonly #status: Uint8Array;
  readonly #raw: RawComponent;
  readonly #binding: Binding;
  readonly #indexes: ReadonlyMap<string, number>;

  /** Made by an engine. */
  constructor(status: Uint8Array, raw: RawComponent) {
    this.#status = status;
    this.#raw = raw;
    this.imports = raw.imports();
    this.exports = raw.exports();
    this.resources = raw.resources();
    this.#binding = new Binding(this.imports, this.resources);
    this.#indexes = new Map(this.exports.map((one, index) => [keyOf(one.interface, one.name), index]));
  }

  /** The machine code, for `Engine.deserialize` of this build of the addon. */
  serialize(): Uint8Array {
    return settle(this.#status, this.#raw.serialize());
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
    return this.#instantiate([], limits);
  }

  #instantiate(host: readonly unknown[], limits: Limits): Instance {
    const { memory = unlimited } = limits;
    const raw = this.#raw.instantiate(host, memory, ...limitsOfCalls(limits));
    return new Instance(this.#status, settle(this.#status, raw), this.#binding, this.#indexes);
  }
}

/** A resource of the guest's own, as its functions gave it: to be given back to them, or dropped. */
export interface GuestResource {
  readonly resource: string;
  readonly owner: number;
  readonly handle: number;
}

/** One instance. After any end but a value or a GuestError it has ended, and what the guest owned is closed. */
export class Instance {
  readonly #status: Uint8Array;
  readonly #raw: RawInstance;
  readonly #binding: Binding;
  readonly #indexes: ReadonlyMap<string, number>;

  /** Made by a component. */
  constructor(status: Uint8Array, raw: RawInstance, binding: Binding, indexes: ReadonlyMap<string, number>) {
    this.#status = status;
    this.#raw = raw;
    this.#binding = binding;
    this.#indexes = indexes;
  }

  /** Gives a prepared instance its host, and limits in place of those that it was made with, but for memory. Throws WasmtimeError `missing-import`, `ended`. */
  begin(host: HostImports, limits: Omit<Limits, 'memory'> = {}): void {
    settle(this.#status, this.#raw.begin(this.#binding.to(host), ...limitsOfCalls(limits)));
  }

  /**
   * Calls an exported function, on this thread; the interface is undefined for one that the world exports by itself. Returns its
   * value; for a `result`, the ok payload. Throws GuestError with an err payload, WasmtimeError for all else.
   */
  call(interfaceId: string | undefined, name: string, args: readonly unknown[] = []): unknown {
    const index = this.#indexes.get(keyOf(interfaceId, name));
    if (index === undefined) {
      const message = `the component does not export ${interfaceId ?? ''} ${name}`;
      throw new WasmtimeError({ code: 'missing-export', message });
    }
    return settle(this.#status, this.#raw.call(index, args));
  }

  /** Gives up a resource of the guest's own, which runs its destructor. Throws as a call does. */
  drop({ handle }: GuestResource): void {
    settle(this.#status, this.#raw.dropResource(handle));
  }

  /** Ends it, and closes what the guest still owns by `Symbol.dispose`. Returns what was thrown by that. */
  close(): unknown[] {
    const errors: unknown[] = [];
    for (const object of settle(this.#status, this.#raw.close())) {
      try {
        close(object);
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }
}

const unlimited = Number.POSITIVE_INFINITY;

/** All but memory, in the order that the Rust side has. */
function limitsOfCalls(limits: Omit<Limits, 'memory'>): [number, number, number, number] {
  const { time = unlimited, hostCalls = unlimited, handles = unlimited, string = unlimited } = limits;
  return [time, hostCalls, handles, string];
}

const statuses = new WeakMap<Addon, Uint8Array>();

/** One byte for all engines of this thread. */
function statusOf(addon: Addon): Uint8Array {
  const known = statuses.get(addon);
  if (known !== undefined) return known;
  const status = addon.status();
  statuses.set(addon, status);
  return status;
}

let components = 0;

/** A key that no other component has. */
function unshared(): string {
  return `${process.pid} ${performance.timeOrigin} ${++components}`;
}

function keyOf(interfaceId: string | undefined, name: string): string {
  return `${interfaceId ?? ''} ${name}`;
}
