import type { Addon } from './addon.ts';
import { type Fault, WasmtimeError } from './errors.ts';
import { Exchange } from './exchange.ts';
import type { Side } from './side.ts';

/** What the status byte says of the last answer. */
const kinds = { value: 0, guestError: 1, fault: 2 } as const;

/** How an answer of the Rust side is to be read. */
export type Answer<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'guest-error' }
  | { readonly kind: 'fault'; readonly fault: Fault };

/** Where this thread and the Rust side meet: the memory of values, the guest that runs, and whether it ended well. */
export class Crossing {
  readonly addon: Addon;
  readonly exchange: Exchange;
  readonly #status: Uint8Array;
  /** Of the guest that runs: what it calls goes to that one. */
  #current: Side | undefined;

  private constructor(addon: Addon) {
    this.addon = addon;
    const status = addon.attach(
      (what) => this.#dispatch(what),
      (numbers, bytes) => this.exchange.reserve(numbers, bytes),
    );
    if (status === undefined) {
      const message = 'this thread runs guests by another copy of these bindings, and can do so by one only';
      throw new WasmtimeError({ code: 'engine', message });
    }
    this.#status = status;
    this.exchange = new Exchange((numbers, bytes) => addon.share(numbers, bytes));
  }

  /** One for each thread. Throws WasmtimeError `engine` where another copy of this module has made that. */
  static of(addon: Addon): Crossing {
    const known = crossings.get(addon) ?? new Crossing(addon);
    crossings.set(addon, known);
    return known;
  }

  /** Has a guest run, in a function of the addon. */
  enter<T>(side: Side, run: () => T): Answer<T> {
    const before = this.#current;
    this.#current = side;
    try {
      return this.read(run());
    } finally {
      this.#current = before;
    }
  }

  /** A call is over, and its value was read. Within another call it is not over yet. */
  leave(): void {
    if (this.#current === undefined) this.exchange.trim();
  }

  /** What a function of the addon answered. */
  read<T>(answer: T): Answer<T> {
    switch (this.#status[0]) {
      case kinds.value:
        return { kind: 'value', value: answer };
      case kinds.guestError:
        return { kind: 'guest-error' };
      case kinds.fault:
        return { kind: 'fault', fault: answer as Fault };
      default:
        // The termination of this thread came while the guest was calling the host, and Node-API swallowed it.
        process.exit();
        throw new Error('this thread is being terminated');
    }
  }

  /** The same for functions that do not run a guest. Throws WasmtimeError. */
  settle<T>(answer: T): T {
    const read = this.read(answer);
    if (read.kind === 'value') return read.value;
    throw new WasmtimeError(
      read.kind === 'fault' ? read.fault : { code: 'trap', message: 'the guest returned an error' },
    );
  }

  /** A function behind an import by its position; below zero, the closing of an object. */
  #dispatch(what: number): number {
    const side = this.#current;
    if (side === undefined) throw new Error('no guest of this thread is running');
    return what >= 0 ? side.call(what) : side.drop(-1 - what);
  }
}

const crossings = new WeakMap<Addon, Crossing>();
