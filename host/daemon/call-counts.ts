import { CallMeter } from './call-meter.ts';
import type { Tally } from './tally.ts';

/** One call that was answered. */
export interface Observation {
  readonly type: string;
  readonly verb: string;
  readonly outcome: 'ok' | 'error';
  /** From the start of the caller until a thread had its request. */
  readonly queueSeconds: number;
  /** From there to its answer. */
  readonly callSeconds: number;
}

const verbs = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'];
/** Types come from callers and configurations; past so many, all are one. */
const mostTypes = 32;

/** What a thread counts of its calls. */
export class CallCounts {
  readonly meter: CallMeter;
  readonly #tally: Tally;
  readonly #types = new Set<string>();

  constructor(tally: Tally) {
    this.#tally = tally;
    this.meter = new CallMeter((interfaceId, name) =>
      tally.count('bulkhead_host_calls', `interface="${interfaceId}",function="${name}"`),
    );
  }

  /** A call is over. */
  observe({ type, verb, outcome, queueSeconds, callSeconds }: Observation): void {
    const labels = this.#labels(type, verb);
    this.#tally.count('bulkhead_calls', `${labels},outcome="${outcome}"`);
    this.#tally.observe('bulkhead_call_seconds', labels, callSeconds);
    this.#tally.observe('bulkhead_phase_seconds', `${labels},phase="queue"`, queueSeconds);
    for (const time of this.meter.take()) {
      const key = `${this.#labels(time.type, time.verb)},phase="${time.phase}"`;
      this.#tally.observe('bulkhead_phase_seconds', key, time.milliseconds / 1000);
    }
  }

  denied(type: string, kind: string): void {
    this.#tally.count('bulkhead_denied', `type="${this.#type(type)}",kind="${kind}"`);
  }

  #labels(type: string, verb: string): string {
    return `type="${this.#type(type)}",verb="${verbs.includes(verb) ? verb : 'other'}"`;
  }

  #type(type: string): string {
    if (this.#types.size < mostTypes) this.#types.add(type);
    return this.#types.has(type) ? type.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, 64) : 'other';
  }
}
