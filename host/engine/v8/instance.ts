import { Script } from 'node:vm';
import { memoryGuardExport } from '../../component/memory-guard.ts';
import type { ComponentShape, FunctionShape } from '../../component/shape.ts';
import type { HostImports, Instance, Limits } from '../engine.ts';
import { EngineError, GuestFailure, limitError, reentrantError } from '../errors.ts';
import { Binding } from './binding.ts';
import { camelCase, fromGuest, toGuest } from './values.ts';

/** What jco's glue exports. */
export type Instantiate = (
  getCoreModule: (name: string) => WebAssembly.Module,
  imports: Record<string, Record<string, unknown>>,
  instantiateCore: (module: WebAssembly.Module, imports: WebAssembly.Imports) => WebAssembly.Instance,
) => Readonly<Record<string, unknown>>;

/** One instance of a component. It serves until its first end that is not an ordinary result. */
export class V8Instance implements Instance {
  readonly #shape: ComponentShape;
  #limits: Limits;
  readonly #binding: Binding;
  readonly #guards: WebAssembly.Global[] = [];
  readonly #exports: Readonly<Record<string, unknown>>;
  #ended = false;
  #running = false;

  /** Without imports it is one that is made ahead, and can be called after `begin`. */
  constructor(
    shape: ComponentShape,
    instantiate: Instantiate,
    core: (name: string) => WebAssembly.Module,
    limits: Limits,
    imports?: HostImports,
  ) {
    this.#shape = shape;
    this.#limits = limits;
    this.#binding = new Binding(limits);
    if (imports !== undefined) this.begin(imports, limits);
    const given = this.#binding.imports(shape);
    this.#exports = this.#run(() =>
      instantiate(core, given, (module, wanted) => this.#instantiateCore(module, wanted)),
    );
  }

  /** Lets it call that host, within limits that have the same memory. Throws EngineError `missing-import`. */
  begin(imports: HostImports, limits: Limits): void {
    this.#limits = limits;
    this.#binding.begin(this.#shape, imports, limits);
  }

  call(interfaceId: string | undefined, name: string, args: readonly unknown[]): unknown {
    if (this.#running) throw reentrantError();
    if (this.#ended) throw new EngineError('ended', 'the instance has ended');
    const type = this.#type(interfaceId, name);
    const given = type.parameters.map((one, i) => toGuest(args[i], one.type, `${name}: ${one.name}`, this.#binding));
    const callee = this.#callee(interfaceId, name);
    try {
      const value = this.#run(() => callee(given));
      const result = type.result?.kind === 'result' ? type.result.ok : type.result;
      return result === undefined ? undefined : fromGuest(value, result, `${name} returned`, this.#binding);
    } catch (error) {
      if (error instanceof GuestFailure && type.result?.kind === 'result' && type.result.error !== undefined) {
        throw new GuestFailure(fromGuest(error.payload, type.result.error, `${name} failed with`, this.#binding));
      }
      throw error;
    }
  }

  close(): void {
    if (this.#running) throw reentrantError();
    this.#ended = true;
    const [first] = this.#binding.close();
    if (first !== undefined)
      throw new EngineError('host-failure', `cannot close a handle: ${String(first)}`, { cause: first });
  }

  #type(interfaceId: string | undefined, name: string): FunctionShape {
    const extern = this.#shape.exports.get(interfaceId ?? name);
    const type = extern?.kind === 'interface' ? extern.functions.get(name) : extern;
    if (type === undefined)
      throw new EngineError('missing-export', `the component does not export ${interfaceId ?? ''} ${name}`);
    return type;
  }

  /** The glue's function for an export; resources of the guest's own are classes there. */
  #callee(interfaceId: string | undefined, name: string): (args: unknown[]) => unknown {
    const scope = (interfaceId === undefined ? this.#exports : this.#exports[interfaceId]) as Record<string, unknown>;
    const [, form, resource, method] = /^\[(constructor|method|static)\]([^.]+)(?:\.(.+))?$/.exec(name) ?? [];
    if (form === undefined || resource === undefined)
      return (args) => (scope[camelCase(name)] as (...given: unknown[]) => unknown)(...args);
    const camel = camelCase(resource);
    const owner = scope[camel.charAt(0).toUpperCase() + camel.slice(1)] as Record<
      string,
      (...given: unknown[]) => unknown
    >;
    if (form === 'constructor') return (args) => Reflect.construct(owner as never, args);
    const key = camelCase(method ?? '');
    if (form === 'static') return (args) => owner[key]?.(...args);
    return ([self, ...args]) => (self as Record<string, (...given: unknown[]) => unknown>)[key]?.(...args);
  }

  /** Runs guest code under the time limit. Any end but an ordinary result or an err payload is the instance's last. */
  #run<T>(body: () => T): T {
    this.#running = true;
    try {
      return runWithin(this.#limits.time, body);
    } catch (error) {
      if (this.#binding.fatal === undefined && isErrPayload(error)) throw new GuestFailure(error.payload);
      this.#ended = true;
      const reason = this.#binding.fatal ?? this.#explain(error);
      this.#binding.close();
      throw reason;
    } finally {
      this.#running = false;
    }
  }

  #explain(error: unknown): EngineError {
    if (error instanceof EngineError) return error;
    if (this.#guards.some((guard) => guard.value === 1)) {
      return limitError('memory', `the guest asked for more than ${this.#limits.memory} bytes of memory`, {
        cause: error,
      });
    }
    if (isTimeout(error))
      return limitError('time', `the guest did not end within ${this.#limits.time} ms`, { cause: error });
    if (error instanceof RangeError && /call stack/.test(error.message)) {
      return limitError('stack', 'the guest used up the stack', { cause: error });
    }
    const what = error instanceof Error ? error.message : String(error);
    return new EngineError('trap', `the guest trapped: ${what}`, { cause: error });
  }

  #instantiateCore(module: WebAssembly.Module, wanted: WebAssembly.Imports): WebAssembly.Instance {
    const instance = new WebAssembly.Instance(module, wanted);
    const guard = instance.exports[memoryGuardExport];
    if (guard instanceof WebAssembly.Global) this.#guards.push(guard);
    return instance;
  }
}

/** What the timed script runs. A stack, since a host function may run another guest: the delegate. */
const bodies: (() => unknown)[] = [];
const slot = Symbol.for('bulkhead.engine.v8.run');
Object.defineProperty(globalThis, slot, { value: () => bodies.at(-1)?.() });
const timed = new Script(`globalThis[Symbol.for('bulkhead.engine.v8.run')]()`);

/**
 * Runs the body under a time-out of V8, which ends wasm and JavaScript wherever they are, without `catch` or `finally` of the
 * code inside. It does not end a blocking system call: those carry the deadline themselves.
 */
function runWithin<T>(milliseconds: number, body: () => T): T {
  const depth = bodies.push(body);
  try {
    return timed.runInThisContext({ timeout: Math.max(1, Math.ceil(milliseconds)) });
  } finally {
    bodies.length = depth - 1;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

function isErrPayload(error: unknown): error is { payload: unknown } {
  return (
    typeof error === 'object' && error !== null && Object.hasOwn(error, 'payload') && !(error instanceof EngineError)
  );
}
