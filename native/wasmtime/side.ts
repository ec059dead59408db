import { types } from 'node:util';
import type { Answer } from './crossing.ts';
import { type Fault, WasmtimeError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { HostObjects } from './objects.ts';
import type { HostFunction, Plan } from './plan.ts';
import { outOf, Refusal } from './refusal.ts';
import type { ResourceType } from './shape.ts';

// biome-ignore lint/suspicious/noExplicitAny: the component's types say what they take, and every value is checked
export type Callable = (...args: any[]) => unknown;

/** What a component imports of a host, in the order of the imports; and the classes of its resources. */
export interface BoundHost {
  readonly functions: readonly Callable[];
  readonly classes: readonly unknown[];
}

/** How a function of the host ended, for the Rust side (`host_call.rs`). */
const ends = { value: 0, error: 1, failure: 2 } as const;

/** A resource of the guest's own, as its functions gave it: to be given back to them, or dropped. */
export interface GuestResource {
  readonly resource: string;
  readonly owner: number;
  readonly handle: number;
}

/** Of all instances of this thread. */
let sides = 0;

/** The host's side of one instance: what the guest calls, and what it has of the host's. */
export class Side {
  limits: { readonly handles: number; readonly string: number };
  /** Why the guest is to end, as far as the Rust side does not know. */
  failure: Fault | undefined;
  readonly #plan: Plan;
  readonly #exchange: Exchange;
  readonly #objects = new HostObjects();
  /** Resources of the guest's own that the host has: of which type each number is, by position. */
  readonly #given = new Map<number, number>();
  /** Those of them that went back to the guest since arguments were begun. */
  readonly #returned: (readonly [handle: number, position: number])[] = [];
  /** Of the objects that went to it. */
  #mark = 0;
  readonly #id = ++sides;
  #host: BoundHost;

  constructor(plan: Plan, exchange: Exchange, host: BoundHost, limits: Side['limits']) {
    this.#plan = plan;
    this.#exchange = exchange;
    this.#host = host;
    this.limits = limits;
  }

  /** From here on, the guest's calls go to that host. */
  begin(host: BoundHost, limits: Side['limits']): void {
    this.#host = host;
    this.limits = limits;
  }

  /** Arguments of a call are written from here on. */
  beginArguments(): void {
    this.#mark = this.#objects.mark;
    if (this.#returned.length > 0) this.#returned.length = 0;
  }

  /** One was refused: what went with those before it is the host's again. */
  takeBackArguments(): void {
    this.#objects.takeBack(this.#mark);
    for (const [handle, position] of this.#returned) this.#given.set(handle, position);
  }

  /** Calls the function behind an import: its arguments were delivered, and its value is written. Throws nothing of its own. */
  call(position: number): number {
    const imported = this.#plan.imports[position] as HostFunction;
    try {
      const args = this.#liftArguments(imported);
      let value: unknown;
      try {
        value = (this.#host.functions[position] as Callable)(...args);
      } catch (error) {
        return this.#lowerError(imported, error);
      }
      this.#lowerValue(imported, value);
      return ends.value;
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Closes an object that the guest has dropped. */
  drop(number: number): number {
    try {
      const object = this.#objects.take(number);
      if (object !== undefined) close(object);
      return ends.value;
    } catch (error) {
      return this.#fail(error);
    }
  }

  #liftArguments({ label, parameters }: HostFunction): unknown[] {
    this.#exchange.rewind();
    const args: unknown[] = [];
    for (const { name, lift } of parameters) {
      try {
        args.push(lift(this.#exchange, this));
      } catch (error) {
        throw outOf(`${label}: ${name}`, error);
      }
    }
    return args;
  }

  /** What a function without a value returns is left, but a promise would be something that goes on. */
  #lowerValue({ label, result: { lower, isResult } }: HostFunction, value: unknown): void {
    this.#exchange.rewind();
    try {
      if (lower !== undefined) lower(value, this.#exchange, this);
      else if (types.isPromise(value)) throw new Refusal({ wrong: 'expected nothing, got a promise' });
    } catch (error) {
      throw outOf(`${label} returned${isResult && lower !== undefined ? '.ok' : ''}`, error);
    }
  }

  /** The err case of a function's `result` is thrown, as an Error that has its payload. All else ends the guest. */
  #lowerError({ label, result: { isResult, lowerError } }: HostFunction, error: unknown): number {
    if (!isResult || !types.isNativeError(error) || !('payload' in error)) throw error;
    this.#exchange.rewind();
    try {
      lowerError?.(error.payload, this.#exchange, this);
    } catch (refused) {
      throw outOf(`${label} returned.err`, refused);
    }
    return ends.error;
  }

  #fail(error: unknown): number {
    this.failure ??= faultOf(error);
    return ends.failure;
  }

  /** The number that stands for an object or a resource on its way to the guest. Throws a Refusal. */
  numberOf(resource: ResourceType, value: unknown, own: boolean): number {
    if (!resource.imported) return this.#numberOfGiven(resource, value, own);
    const hostClass = this.#host.classes[this.#plan.positionOf(resource)];
    if (!isInstance(value, hostClass)) throw new Refusal({ wrong: `expected a ${resource.name}` });
    return own ? this.#objects.give(value, this.limits.handles) : this.#objects.lend(value);
  }

  #numberOfGiven(resource: ResourceType, value: unknown, own: boolean): number {
    const position = this.#plan.positionOf(resource);
    const handle = this.#handleOf(value);
    if (handle === undefined || this.#given.get(handle) !== position)
      throw new Refusal({ wrong: `expected a ${resource.name} of this instance` });
    if (own) {
      this.#given.delete(handle);
      this.#returned.push([handle, position]);
    }
    return handle;
  }

  /** Of a resource that this guest gave; undefined for all else. */
  #handleOf(value: unknown): number | undefined {
    const { owner, handle } = (typeof value === 'object' && value !== null ? value : {}) as Partial<GuestResource>;
    return owner === this.#id ? handle : undefined;
  }

  /** What stands behind a number that the guest gave. */
  objectOf(resource: ResourceType, number: number, own: boolean): object {
    if (!resource.imported) {
      this.#given.set(number, this.#plan.positionOf(resource));
      return { resource: resource.name, owner: this.#id, handle: number } satisfies GuestResource;
    }
    const object = own ? this.#objects.take(number) : this.#objects.get(number);
    if (object === undefined) throw new Refusal({ wrong: `there is no such ${resource.name}` });
    return object;
  }

  /** The host gives up a resource of the guest's own. Returns its number, unless it has it no more. Throws a Refusal for all else. */
  giveUp(value: unknown): number | undefined {
    const handle = this.#handleOf(value);
    if (handle === undefined) throw new Refusal({ wrong: 'expected a resource of this instance' });
    return this.#given.delete(handle) ? handle : undefined;
  }

  endLoans(): void {
    this.#objects.endLoans();
  }

  /** The error that a guest has ended with; what it owned is closed before. */
  end(answer: Exclude<Answer<unknown>, { readonly kind: 'value' }>): WasmtimeError {
    const { failure } = this;
    // The guest's end is what counts.
    this.closeAll();
    if (answer.kind !== 'fault') return new WasmtimeError({ code: 'trap', message: 'the guest returned an error' });
    const { fault } = answer;
    if (failure === undefined || 'cause' in fault) return new WasmtimeError(fault);
    if (fault.code === 'host-failure') return new WasmtimeError({ ...fault, ...failure });
    return new WasmtimeError('cause' in failure ? { ...fault, cause: failure.cause } : fault);
  }

  /** Closes what the guest still owns. Returns what was thrown by that. */
  closeAll(): unknown[] {
    const errors: unknown[] = [];
    for (const object of this.#objects.takeAll()) {
      try {
        close(object);
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }
}

/** Of what did not cross, or what a host threw. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Refusal) return error.fault;
  return { code: 'host-failure', message: 'a host function failed', cause: error };
}

function isInstance(value: unknown, hostClass: unknown): value is object {
  return typeof hostClass === 'function' && value instanceof hostClass;
}

/** Closes an object of the host that a guest owned. */
function close(object: Partial<Disposable>): void {
  object[Symbol.dispose]?.();
}
