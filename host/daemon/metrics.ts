import { bounds, type FamilyKind, histogramSize, type Series } from './tally.ts';

/** What OpenMetrics says of a family before its numbers. */
interface Family {
  readonly name: string;
  readonly kind: FamilyKind;
  readonly unit?: string;
  readonly help: string;
}

/** All that threads count. */
const families: readonly Family[] = [
  { name: 'bulkhead_calls', kind: 'counter', help: 'CNI calls that were answered.' },
  {
    name: 'bulkhead_call_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Time of calls from when a thread had them until they were answered.',
  },
  {
    name: 'bulkhead_phase_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Time of the phases of a call, delegates apart: queue (from the start of the executable until a thread has the call), load (trust and code), instantiate, guest (code of the plugin), kernel (functions of the host, mostly system calls).',
  },
  { name: 'bulkhead_host_calls', kind: 'counter', help: 'Calls of plugins to functions of the host.' },
  {
    name: 'bulkhead_denied',
    kind: 'counter',
    help: 'Accesses of plugins that the policy or the verb did not let through.',
  },
];

/** A number as it is now. */
export interface Gauge {
  readonly name: string;
  readonly value: number;
  readonly help: string;
  readonly unit?: string;
}

interface Source {
  readonly numbers: Float64Array;
  readonly series: Series[];
}

/** What the daemon counts since it was started: what its threads do, and those that ended did. */
export class Metrics {
  readonly #sources = new Map<number, Source>();
  /** Of threads that ended: by family, by labels. */
  readonly #past: Numbers = new Map();

  /** A thread begins to count in that memory. */
  attach(thread: number, memory: SharedArrayBuffer): void {
    this.#sources.set(thread, { numbers: new Float64Array(memory), series: [] });
  }

  announce(thread: number, series: Series): void {
    this.#sources.get(thread)?.series.push(series);
  }

  /** The thread has ended: what it counted stays. */
  detach(thread: number): void {
    const source = this.#sources.get(thread);
    if (source !== undefined) addTo(this.#past, source);
    this.#sources.delete(thread);
  }

  /** Calls that were answered. */
  get total(): number {
    return [...(this.#sums().get('bulkhead_calls')?.values() ?? [])].reduce((sum, [count = 0]) => sum + count, 0);
  }

  /** OpenMetrics 1.0. */
  format(gauges: readonly Gauge[]): string {
    const sums = this.#sums();
    return [
      ...families.flatMap((family) => [
        ...describe(family.name, family.kind, family),
        ...[...(sums.get(family.name) ?? [])].flatMap(([labels, numbers]) => linesOf(family, labels, numbers)),
      ]),
      ...gauges.flatMap((gauge) => [...describe(gauge.name, 'gauge', gauge), `${gauge.name} ${gauge.value}`]),
      '# EOF',
      '',
    ].join('\n');
  }

  #sums(): Numbers {
    const sums: Numbers = new Map([...this.#past].map(([family, all]) => [family, new Map(all)]));
    for (const source of this.#sources.values()) addTo(sums, source);
    return sums;
  }
}

type Numbers = Map<string, Map<string, readonly number[]>>;

function addTo(sums: Numbers, { numbers, series }: Source): void {
  for (const { family, labels, slot, kind } of series) {
    const all = sums.get(family) ?? new Map<string, readonly number[]>();
    sums.set(family, all);
    const own = Array.from(numbers.subarray(slot, slot + (kind === 'counter' ? 1 : histogramSize)));
    const before = all.get(labels);
    all.set(labels, before === undefined ? own : own.map((number, i) => number + (before[i] ?? 0)));
  }
}

function describe(name: string, kind: string, { unit, help }: { unit?: string; help: string }): string[] {
  return [
    `# TYPE ${name} ${kind}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${help}`,
  ];
}

function linesOf({ name, kind }: Family, labels: string, numbers: readonly number[]): string[] {
  if (kind === 'counter') return [`${name}_total{${labels}} ${numbers[0] ?? 0}`];
  let count = 0;
  const cumulative = numbers.slice(0, -1).map((number) => {
    count += number;
    return count;
  });
  return [
    ...bounds.map((bound, i) => `${name}_bucket{${labels},le="${bound}"} ${cumulative[i]}`),
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_count{${labels}} ${count}`,
    `${name}_sum{${labels}} ${numbers.at(-1) ?? 0}`,
  ];
}
