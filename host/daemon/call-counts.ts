import type { FunctionName } from '../interfaces/table.ts';
import { CallMeter } from './call-meter.ts';
import type { CallTrace } from './call-trace.ts';
import type { Tally } from './tally.ts';

/** One call that was answered. */
export interface Observation {
  readonly type: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the caller was told; undefined where it ended well. */
  readonly error: string | undefined;
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
  readonly #trace: ((trace: CallTrace) => void) | undefined;
  readonly #types = new Set<string>();

  /** `trace` gets every call, where somebody wants traces. */
  constructor(tally: Tally, trace?: (trace: CallTrace) => void) {
    this.#tally = tally;
    this.#trace = trace;
    const counters = new Map<FunctionName, number>();
    const hostCall = (called: FunctionName) => {
      const { interfaceId, name } = called;
      const counter =
        counters.get(called) ?? tally.counter('bulkhead_host_calls', `interface="${interfaceId}",function="${name}"`);
      counters.set(called, counter);
      tally.countAt(counter);
    };
    this.meter = new CallMeter(hostCall, trace !== undefined);
  }

  /** A call is over. */
  observe({ type, environment, error, queueSeconds, callSeconds }: Observation): void {
    const { CNI_COMMAND: verb = '' } = environment;
    const outcome = error === undefined ? 'ok' : 'error';
    const labels = this.#labels(type, verb);
    this.#tally.count('bulkhead_calls', `${labels},outcome="${outcome}"`);
    this.#tally.observe('bulkhead_call_seconds', labels, callSeconds);
    this.#tally.observe('bulkhead_phase_seconds', `${labels},phase="queue"`, queueSeconds);
    const { times, spans } = this.meter.take();
    for (const time of times) {
      const key = `${this.#labels(time.type, time.verb)},phase="${time.phase}"`;
      this.#tally.observe('bulkhead_phase_seconds', key, time.milliseconds / 1000);
    }
    if (this.#trace === undefined) return;
    const ended = performance.timeOrigin + performance.now();
    this.#trace({
      name: `${verb} ${type}`,
      ...{ traceparent: environment.TRACEPARENT, tracestate: environment.TRACESTATE },
      ...{ began: ended - 1000 * (callSeconds + queueSeconds), ended },
      attributes: {
        ...{ 'cni.type': type, 'cni.verb': verb },
        ...{ 'cni.container_id': environment.CNI_CONTAINERID ?? '', 'cni.interface': environment.CNI_IFNAME ?? '' },
        'bulkhead.queue_seconds': queueSeconds,
      },
      error,
      spans,
    });
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
