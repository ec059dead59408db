/** One call that was answered. */
export interface Observation {
  readonly type: string;
  readonly verb: string;
  readonly outcome: 'ok' | 'error';
  /** From the start of the caller until a worker had its request. */
  readonly queueSeconds: number;
  /** From there to its answer. */
  readonly callSeconds: number;
}

/** Upper bounds in seconds: a call takes milliseconds. */
const bounds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];

class Histogram {
  readonly #counts = bounds.map(() => 0);
  #count = 0;
  #sum = 0;

  observe(value: number): void {
    this.#count++;
    this.#sum += value;
    const bucket = bounds.findIndex((bound) => value <= bound);
    for (let i = bucket < 0 ? bounds.length : bucket; i < bounds.length; i++)
      this.#counts[i] = (this.#counts[i] ?? 0) + 1;
  }

  lines(name: string, labels: string): string[] {
    return [
      ...bounds.map((bound, i) => `${name}_bucket{${labels},le="${bound}"} ${this.#counts[i]}`),
      `${name}_bucket{${labels},le="+Inf"} ${this.#count}`,
      `${name}_count{${labels}} ${this.#count}`,
      `${name}_sum{${labels}} ${this.#sum}`,
    ];
  }
}

/** What the daemon counts since it was started. Names of types and verbs come from callers: there are only so many series. */
export class Metrics {
  readonly #calls = new Map<string, { count: number; readonly labels: string }>();
  readonly #phases = new Map<string, Histogram>();
  #total = 0;

  observe({ type, verb, outcome, queueSeconds, callSeconds }: Observation): void {
    this.#total++;
    const labels = `type="${plain(type)}",verb="${verbs.includes(verb) ? verb : 'other'}"`;
    const counted = `${labels},outcome="${outcome}"`;
    const calls = this.#calls.get(counted) ?? { count: 0, labels: counted };
    calls.count++;
    this.#calls.set(counted, calls);
    this.#phase(`${labels},phase="queue"`).observe(queueSeconds);
    this.#phase(`${labels},phase="call"`).observe(callSeconds);
  }

  get total(): number {
    return this.#total;
  }

  /** OpenMetrics 1.0. */
  format(gauges: Readonly<Record<string, number>>): string {
    return [
      '# TYPE bulkhead_calls counter',
      '# HELP bulkhead_calls CNI calls that were answered.',
      ...[...this.#calls.values()].map(({ labels, count }) => `bulkhead_calls_total{${labels}} ${count}`),
      '# TYPE bulkhead_phase_seconds histogram',
      '# UNIT bulkhead_phase_seconds seconds',
      '# HELP bulkhead_phase_seconds Time of the phases of a call.',
      ...[...this.#phases].flatMap(([labels, histogram]) => histogram.lines('bulkhead_phase_seconds', labels)),
      ...Object.entries(gauges).flatMap(([name, value]) => [
        `# TYPE bulkhead_${name} gauge`,
        `bulkhead_${name} ${value}`,
      ]),
      '# EOF',
      '',
    ].join('\n');
  }

  #phase(labels: string): Histogram {
    const found = this.#phases.get(labels) ?? new Histogram();
    this.#phases.set(labels, found);
    return found;
  }
}

const verbs = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'];

function plain(type: string): string {
  return type.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, 64);
}
