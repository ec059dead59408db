import type { Meter, Phase } from '../calls/meter.ts';
import type { FunctionName } from '../interfaces/table.ts';
import type { PhaseSpan } from './call-trace.ts';

/** What of one call's time was of one plugin's phase. */
export interface PhaseTime {
  readonly type: string;
  readonly verb: string;
  readonly phase: Phase;
  milliseconds: number;
}

/** What one call took. */
export interface Measured {
  readonly times: readonly PhaseTime[];
  /** Empty where nobody traces. */
  readonly spans: readonly PhaseSpan[];
}

interface Open {
  readonly time: PhaseTime;
  /** Its place among the spans; -1 where it is none. */
  readonly span: number;
}

/** A plugin that calls the host without end makes no more of them. */
const mostSpans = 512;

/** Measures one call after the other. */
export class CallMeter implements Meter {
  readonly #hostCall: Meter['hostCall'];
  readonly #isTracing: boolean;
  #times: PhaseTime[] = [];
  #spans: { name: string; start: number; end: number; parent: number }[] = [];
  /** The phases that are not over, the current one last. */
  #open: Open[] = [];
  #since = 0;
  #function = '';

  constructor(hostCall: Meter['hostCall'], isTracing = false) {
    this.#hostCall = hostCall;
    this.#isTracing = isTracing;
  }

  enter(type: string, verb: string, phase: Phase): void {
    this.#credit();
    const name = phase === 'kernel' ? this.#function : `${phase} ${type}`;
    this.#open.push({ time: this.#timeOf(type, verb, phase), span: this.#begin(name) });
  }

  leave(): void {
    this.#credit();
    this.#end(this.#open.pop());
  }

  hostCall(called: FunctionName): void {
    this.#hostCall(called);
    if (this.#isTracing) this.#function = `${called.interfaceId.replace(/@.*/, '')}.${called.name}`;
  }

  /** The next call begins. A time-out may have left phases open: they end here. */
  take(): Measured {
    while (this.#open.length > 0) this.leave();
    const measured = { times: this.#times, spans: this.#spans };
    [this.#times, this.#spans] = [[], []];
    return measured;
  }

  #credit(): void {
    const now = performance.now();
    const current = this.#open.at(-1)?.time;
    if (current !== undefined) current.milliseconds += now - this.#since;
    this.#since = now;
  }

  #begin(name: string): number {
    if (!this.#isTracing || this.#spans.length === mostSpans) return -1;
    const start = performance.timeOrigin + this.#since;
    return this.#spans.push({ name, start, end: start, parent: this.#open.at(-1)?.span ?? -1 }) - 1;
  }

  #end(open: Open | undefined): void {
    // Looking for an element -1 takes V8 longer than all else here.
    const span = open === undefined || open.span < 0 ? undefined : this.#spans[open.span];
    if (span !== undefined) span.end = performance.timeOrigin + this.#since;
  }

  #timeOf(type: string, verb: string, phase: Phase): PhaseTime {
    const known = this.#times.find((one) => one.phase === phase && one.verb === verb && one.type === type);
    if (known !== undefined) return known;
    const time = { type, verb, phase, milliseconds: 0 };
    this.#times.push(time);
    return time;
  }
}
