import type {
  ComponentShape,
  ExternShape,
  FunctionShape,
  InterfaceShape,
  ResourceType,
} from '../../component/shape.ts';
import type { HostFunction, HostImports, Limits } from '../engine.ts';
import { EngineError, hostCallsError, limitError } from '../errors.ts';
import { camelCase, fromGuest, type Handles, toGuest } from './values.ts';

type HostInterface = Readonly<Record<string, unknown>>;
type StandIn = object & { [target]?: unknown; [Symbol.dispose](): void };
type StandInClass = new (...args: unknown[]) => StandIn;

/** The host's object behind a stand-in. */
const target = Symbol('target');

/**
 * What one instance may import: the host's functions behind checks of every value, a count of calls, and stand-ins for the
 * host's objects, whose number is limited and which are closed when the instance ends, however it ends.
 */
export class Binding implements Handles {
  /** The first error that ended the guest, whatever the glue makes of it on the way out. */
  fatal: EngineError | undefined;
  #limits: Limits;
  /** Undefined until `begin`. */
  #host: HostImports | undefined;
  readonly #classes = new Map<string, StandInClass>();
  readonly #open = new Set<StandIn>();
  #calls = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get longestString(): number {
    return this.#limits.string;
  }

  /** From here on, the guest's calls go to that host. Throws EngineError `missing-import` with all that are missing. */
  begin(shape: ComponentShape, host: HostImports, limits: Limits): void {
    const missing = [...shape.imports].flatMap(([id, extern]) => missingOf(id, extern, host[id] ?? {}));
    if (missing.length > 0) {
      throw new EngineError(
        'missing-import',
        `the component imports what the host does not offer: ${missing.join(', ')}`,
      );
    }
    this.#host = host;
    this.#limits = limits;
  }

  /** The import object for jco's glue, which drops versions from its keys. */
  imports(shape: ComponentShape): Record<string, Record<string, unknown>> {
    const result: Record<string, Record<string, unknown>> = {};
    for (const [id, extern] of shape.imports) {
      if (extern.kind === 'function') {
        result[id] = { default: this.#guard(id, extern, () => this.#imported(id, 'default')) };
      } else if (extern.functions.size > 0 || extern.resources.length > 0) {
        result[id.replace(/@.*$/, '')] = this.#interface(id, extern);
      }
    }
    return result;
  }

  /** Closes the handles that the guest still holds. Errors of one do not keep the others open; they are returned. */
  close(): unknown[] {
    const errors: unknown[] = [];
    for (const standIn of this.#open) {
      try {
        this.#closeTarget(standIn);
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }

  standIn(resource: ResourceType, object: unknown, path: string, owned: boolean): object {
    const standInClass = this.#classes.get(resource.name);
    const hostClass = this.#hostClass(resource);
    if (standInClass === undefined || hostClass === undefined) return object as object;
    if (!(object instanceof hostClass)) throw new EngineError('host-value', `${path}: expected a ${resource.name}`);
    const standIn: StandIn = Object.create(standInClass.prototype);
    standIn[target] = object;
    return owned ? this.#hold(standIn) : standIn;
  }

  /** jco makes an object of any number that the guest gives as a handle. */
  original(resource: ResourceType, standIn: unknown, path: string, owned: boolean): unknown {
    const hostClass = this.#hostClass(resource);
    if (hostClass === undefined) return standIn;
    const found = (standIn as Partial<StandIn> | undefined)?.[target];
    const isHeld = !owned || this.#open.delete(standIn as StandIn);
    if (found instanceof hostClass && isHeld) return found;
    throw new EngineError('trap', `the guest trapped: ${path}: there is no such ${resource.name}`);
  }

  #hostClass(resource: ResourceType): (abstract new (...args: never[]) => object) | undefined {
    const found = this.#host?.[resource.interface ?? '']?.[pascalCase(resource.name)];
    return found as (abstract new (...args: never[]) => object) | undefined;
  }

  /** What the host has under that name: `begin` has seen to it that it is there. */
  #imported(id: string, name: string): HostFunction {
    const found = this.#host?.[id]?.[name];
    if (found === undefined) throw new EngineError('host-failure', `${id} is called before there is a host`);
    return found as HostFunction;
  }

  #hold(standIn: StandIn): StandIn {
    if (this.#open.size >= this.#limits.handles) {
      throw this.#end(limitError('handles', `the guest holds ${this.#limits.handles} handles, which is its limit`));
    }
    this.#open.add(standIn);
    return standIn;
  }

  #closeTarget(standIn: StandIn): void {
    if (!this.#open.delete(standIn)) return;
    const object = standIn[target];
    delete standIn[target];
    (object as Partial<Disposable>)[Symbol.dispose]?.();
  }

  #interface(id: string, shape: InterfaceShape): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const resource of shape.resources) result[pascalCase(resource)] = this.#standInClass(id, resource, shape);
    for (const [name, type] of shape.functions) {
      if (name.startsWith('[')) continue;
      const key = camelCase(name);
      result[key] = this.#guard(`${id}#${name}`, type, () => this.#imported(id, key));
    }
    return result;
  }

  /** A class with the methods that the interface gives the resource; each calls the host's object behind it. */
  #standInClass(id: string, resource: string, shape: InterfaceShape): StandInClass {
    const binding = this;
    const hostClass = () => this.#imported(id, pascalCase(resource));
    const make = shape.functions.get(`[constructor]${resource}`);
    const constructing: HostFunction = (...args) => Reflect.construct(hostClass() as never, args);
    const construct = make && this.#guard(`${id}#${resource}`, make, () => constructing);
    const standInClass: StandInClass = class {
      constructor(...args: unknown[]) {
        if (construct === undefined) throw new TypeError(`${resource} has no constructor`);
        // biome-ignore lint/correctness/noConstructorReturn: the guarded constructor made the stand-in
        return construct(...args) as StandIn;
      }

      /** Where the guest drops its handle. */
      [Symbol.dispose](): void {
        try {
          binding.#closeTarget(this as unknown as StandIn);
        } catch (error) {
          throw binding.#end(error);
        }
      }
    };
    this.#classes.set(resource, standInClass);
    for (const [name, type] of shape.functions) {
      const [, form, owner, method] = /^\[(method|static)\]([^.]+)\.(.+)$/.exec(name) ?? [];
      if (owner !== resource || method === undefined) continue;
      const key = camelCase(method);
      if (form === 'static') {
        const staticMethod: HostFunction = (...args) => (Reflect.get(hostClass(), key) as HostFunction)(...args);
        const call = this.#guard(`${id}#${name}`, type, () => staticMethod);
        Object.defineProperty(standInClass, key, { value: call });
      } else {
        const invoke: HostFunction = (self, ...args) => (self as Record<string, HostFunction>)[key]?.(...args);
        const guarded = this.#guard(`${id}#${name}`, type, () => invoke);
        Object.defineProperty(standInClass.prototype, key, {
          value(this: unknown, ...args: unknown[]) {
            return guarded(this, ...args);
          },
        });
      }
    }
    return standInClass;
  }

  /** The host's function as the guest calls it: counted, its arguments and value checked, its errors sorted. */
  #guard(name: string, type: FunctionShape, find: () => HostFunction): HostFunction {
    return (...args: unknown[]) => {
      if (this.fatal !== undefined) throw this.fatal;
      if (++this.#calls > this.#limits.hostCalls) {
        throw this.#end(hostCallsError(this.#limits.hostCalls));
      }
      try {
        const given = type.parameters.map((one, i) => fromGuest(args[i], one.type, `${name}: ${one.name}`, this));
        return this.#answer(name, type, find(), given);
      } catch (error) {
        throw this.#end(error);
      }
    };
  }

  #answer(name: string, type: FunctionShape, implementation: HostFunction, given: unknown[]): unknown {
    const result = type.result;
    if (result?.kind !== 'result') {
      const value = implementation(...given);
      if (result !== undefined) return toGuest(value, result, `${name} returned`, this);
      assertOver(value, name);
      return undefined;
    }
    let outcome: { tag: 'ok' | 'err'; val?: unknown };
    try {
      outcome = { tag: 'ok', val: implementation(...given) };
      if (result.ok === undefined) assertOver(outcome.val, name);
    } catch (error) {
      if (!(error instanceof Error) || !('payload' in error)) throw error;
      outcome = { tag: 'err', val: error.payload };
    }
    return toGuest(outcome, result, `${name} returned`, this);
  }

  #end(error: unknown): EngineError {
    this.fatal ??=
      error instanceof EngineError
        ? error
        : new EngineError('host-failure', `a host function failed: ${String(error)}`, { cause: error });
    return this.fatal;
  }
}

/** What a component imports of an interface, and the host does not offer. */
function missingOf(id: string, extern: ExternShape, host: HostInterface): readonly string[] {
  const isThere = (name: string) => typeof host[name] === 'function';
  if (extern.kind === 'function') return isThere('default') ? [] : [id];
  return [
    ...extern.resources.filter((resource) => !isThere(pascalCase(resource))),
    ...[...extern.functions.keys()].filter((name) => !name.startsWith('[') && !isThere(camelCase(name))),
  ].map((name) => `${id} ${name}`);
}

/** What a function without a value returns is left, but a promise would be something that goes on. */
function assertOver(value: unknown, name: string): void {
  if (value instanceof Promise)
    throw new EngineError('host-value', `${name} returned: expected nothing, got a promise`);
}

function pascalCase(name: string): string {
  const camel = camelCase(name);
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}
