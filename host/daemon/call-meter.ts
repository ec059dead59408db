import type { Meter, Phase } from '../calls/meter.ts';

/** What of one call's time was of one plugin's phase. */
export interface PhaseTime {
  readonly type: string;
  readonly verb: string;
  readonly phase: Phase;
  milliseconds: number;
}

/** Measures one call after the other. */
export class CallMeter implements Meter {
  readonly #hostCall: Meter['hostCall'];
  #times: PhaseTime[] = [];
  /** The phases that are not over, the current one last. */
  #open: PhaseTime[] = [];
  #since = 0;

  constructor(hostCall: Meter['hostCall']) {
    this.#hostCall = hostCall;
  }

  enter(type: string, verb: string, phase: Phase): void {
    this.#credit();
    this.#open.push(this.#timeOf(type, verb, phase));
  }

  leave(): void {
    this.#credit();
    this.#open.pop();
  }

  hostCall(interfaceId: string, name: string): void {
    this.#hostCall(interfaceId, name);
  }

  /** What the call took, phase by phase; the next one begins. A time-out may have left phases open: they end here. */
  take(): readonly PhaseTime[] {
    this.#credit();
    const times = this.#times;
    [this.#times, this.#open] = [[], []];
    return times;
  }

  #credit(): void {
    const now = performance.now();
    const current = this.#open.at(-1);
    if (current !== undefined) current.milliseconds += now - this.#since;
    this.#since = now;
  }

  #timeOf(type: string, verb: string, phase: Phase): PhaseTime {
    const known = this.#times.find((one) => one.phase === phase && one.verb === verb && one.type === type);
    if (known !== undefined) return known;
    const time = { type, verb, phase, milliseconds: 0 };
    this.#times.push(time);
    return time;
  }
}
