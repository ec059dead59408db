import type { Binding, HostImports } from './binding.ts';
import type { Crossing } from './crossing.ts';
import { GuestError, WasmtimeError } from './errors.ts';
import type { GuestFunction, Plan } from './plan.ts';
import { outOf } from './refusal.ts';
import { faultOf, type GuestResource, type Side } from './side.ts';

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

const unlimited = Number.POSITIVE_INFINITY;

/** One instance. After any end but a value or a GuestError it has ended, and what the guest owned is closed. */
export class Instance implements Disposable {
  readonly #crossing: Crossing;
  readonly #number: number;
  readonly #side: Side;
  readonly #plan: Plan;
  readonly #binding: Binding;
  #state: 'idle' | 'running' | 'ended' = 'idle';

  /** Made by a component. */
  constructor(crossing: Crossing, number: number, side: Side, plan: Plan, binding: Binding) {
    this.#crossing = crossing;
    this.#number = number;
    this.#side = side;
    this.#plan = plan;
    this.#binding = binding;
    abandoned.register(this, { crossing, number }, this);
  }

  /** Gives a prepared instance its host, and limits in place of those that it was made with, but for memory. Throws WasmtimeError `missing-import`, `ended`. */
  begin(host: HostImports, limits: Omit<Limits, 'memory'> = {}): void {
    this.#assertIdle();
    this.#side.begin(this.#binding.to(host), Instance.limitsOfValues(limits));
    const answer = this.#run(() => this.#crossing.addon.begin(this.#number, ...Instance.limitsOfGuests(limits)));
    if (answer.kind !== 'value') throw this.#end(answer);
  }

  /**
   * Calls an exported function, on this thread; the interface is undefined for one that the world exports by itself. Returns its
   * value; for a `result`, the ok payload. Throws GuestError with an err payload, WasmtimeError for all else.
   */
  call(interfaceId: string | undefined, name: string, args: readonly unknown[] = []): unknown {
    this.#assertIdle();
    const found = this.#plan.find(interfaceId, name);
    if (found === undefined) {
      const message = `the component does not export ${interfaceId ?? ''} ${name}`;
      throw new WasmtimeError({ code: 'missing-export', message });
    }
    const { position, exported } = found;
    try {
      this.#lowerArguments(exported, args);
      const answer = this.#run(() => this.#crossing.addon.call(this.#number, position));
      switch (answer.kind) {
        case 'value':
          return this.#lift(exported.lift, `${exported.label} returned`);
        case 'guest-error':
          throw new GuestError(this.#lift(exported.liftError, `${exported.label} failed with`));
        case 'fault':
          throw this.#end(answer);
      }
    } finally {
      this.#crossing.leave();
    }
  }

  /**
   * Gives up a resource of the guest's own, which runs its destructor. A second time does nothing. Throws WasmtimeError `host-value` for
   * what is no resource of this instance, and as a call does.
   */
  drop(resource: GuestResource): void {
    this.#assertIdle();
    const handle = this.#giveUp(resource);
    if (handle === undefined) return;
    try {
      const answer = this.#run(() => this.#crossing.addon.dropResource(this.#number, handle));
      if (answer.kind !== 'value') throw this.#end(answer);
    } finally {
      this.#crossing.leave();
    }
  }

  /** Ends it, and closes what the guest still owns by `Symbol.dispose`. Returns what was thrown by that. */
  close(): unknown[] {
    if (this.#state === 'running') this.#assertIdle();
    if (this.#state === 'ended') return [];
    return [...this.#free(), ...this.#side.closeAll()];
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #assertIdle(): void {
    if (this.#state === 'idle') return;
    throw new WasmtimeError(
      this.#state === 'ended'
        ? { code: 'ended', message: 'the instance has ended' }
        : { code: 'reentrant', message: 'the instance is running: a host function may not use it again' },
    );
  }

  /** A value that is refused is no end of the instance, and takes nothing from the host. */
  #lowerArguments({ label, parameters }: GuestFunction, args: readonly unknown[]): void {
    // A getter among them may not use it.
    this.#state = 'running';
    this.#side.beginArguments();
    this.#crossing.exchange.rewind();
    try {
      for (const [i, { name, lower }] of parameters.entries()) {
        try {
          lower(args[i], this.#crossing.exchange, this.#side);
        } catch (error) {
          throw outOf(`${label}: ${name}`, error);
        }
      }
    } catch (error) {
      this.#side.takeBackArguments();
      this.#state = 'idle';
      throw new WasmtimeError(faultOf(error));
    }
  }

  /** A resource that is refused is no end of it, either. */
  #giveUp(resource: GuestResource): number | undefined {
    try {
      return this.#side.giveUp(resource);
    } catch (error) {
      throw new WasmtimeError(faultOf(outOf('drop', error)));
    }
  }

  #run(run: () => void) {
    this.#state = 'running';
    try {
      const answer = this.#crossing.enter(this.#side, run);
      this.#state = 'idle';
      this.#side.endLoans();
      return answer;
    } catch (panic) {
      this.#free();
      this.#side.closeAll();
      throw panic;
    }
  }

  #lift(lift: GuestFunction['lift'], what: string): unknown {
    if (lift === undefined) return undefined;
    this.#crossing.exchange.rewind();
    try {
      return lift(this.#crossing.exchange, this.#side);
    } catch (error) {
      throw this.#end({ kind: 'fault', fault: faultOf(outOf(what, error)) });
    }
  }

  #end(answer: Parameters<Side['end']>[0]): WasmtimeError {
    this.#free();
    return this.#side.end(answer);
  }

  /** Returns what Rust panicked with, if it did. */
  #free(): unknown[] {
    this.#state = 'ended';
    abandoned.unregister(this);
    try {
      this.#crossing.addon.close(this.#number);
      return [];
    } catch (panic) {
      return [panic];
    }
  }

  /** For the host's side. */
  static limitsOfValues({ handles = unlimited, string = unlimited }: Limits): Side['limits'] {
    return { handles, string };
  }

  /** For the Rust side: milliseconds, calls of the host, and UTF-16 units. */
  static limitsOfGuests(limits: Limits): [number, number, number] {
    const { time = unlimited, hostCalls = unlimited, string = unlimited } = limits;
    return [time, hostCalls, string];
  }
}

/** Those that nobody has closed are freed when they are collected; the host's objects that they owned are not closed. */
const abandoned = new FinalizationRegistry<{ readonly crossing: Crossing; readonly number: number }>(
  ({ crossing, number }) => crossing.addon.close(number),
);
