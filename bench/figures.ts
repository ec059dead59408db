import type { ContestantName } from './contestants/contestant.ts';
import { type Summary, summarize } from './statistics.ts';

export type Unit = 'ns' | 'calls/s' | 'bytes';

/** What was measured, of whom; with how many ports or leases, where that is what it is about. */
export interface Subject {
  readonly name: string;
  readonly unit: Unit;
  readonly contestant: ContestantName;
  readonly size?: number;
}

export interface Figure extends Subject, Summary {}

/** How many measurements of a thing there have to be. */
export interface Expected extends Subject {
  readonly count: number;
}

/** Measurements as they come in. */
export class Samples {
  readonly #series = new Map<string, { readonly subject: Subject; readonly values: number[] }>();

  add(subject: Subject, value: number): void {
    const key = keyOf(subject);
    const series = this.#series.get(key) ?? { subject, values: [] };
    series.values.push(value);
    this.#series.set(key, series);
  }

  figures(): Figure[] {
    return [...this.#series.values()].map(({ subject, values }) => ({
      ...subject,
      ...summarize(values, subject.unit === 'calls/s' ? 'smaller' : 'larger'),
    }));
  }
}

/** The figures in the order in which they were asked for. */
export function inOrder(figures: readonly Figure[], expected: readonly Expected[]): Figure[] {
  const places = new Map(expected.map((one, i) => [keyOf(one), i]));
  const place = (figure: Figure) => places.get(keyOf(figure)) ?? places.size;
  return figures.toSorted((one, other) => place(one) - place(other));
}

/** What is wrong with figures: one that is missing, was measured another number of times, or is no positive number. */
export function faultsOf(figures: readonly Figure[], expected: readonly Expected[]): string[] {
  const found = new Map(figures.map((figure) => [keyOf(figure), figure]));
  const unmeasured = expected.flatMap((wanted) => {
    const { median, p95, p99, count } = found.get(keyOf(wanted)) ?? { count: 0 };
    if (count !== wanted.count) return [`${keyOf(wanted)}: measured ${count} times rather than ${wanted.count}`];
    const isSound = [median, p95, p99].every((value) => value !== undefined && Number.isFinite(value) && value > 0);
    return isSound ? [] : [`${keyOf(wanted)}: ${median}, ${p95}, ${p99} is no measurement`];
  });
  const known = new Set(expected.map(keyOf));
  const unknown = figures.filter((figure) => !known.has(keyOf(figure)));
  return [...unmeasured, ...unknown.map((figure) => `${keyOf(figure)}: nobody asked for it`)];
}

/** Undefined where it was not measured. */
export function find(
  figures: readonly Figure[],
  { name, contestant, size }: Pick<Figure, 'name' | 'contestant'> & { readonly size: number | undefined },
): Figure | undefined {
  return figures.find((one) => one.name === name && one.contestant === contestant && one.size === size);
}

function keyOf({ name, contestant, size }: Subject): string {
  return size === undefined ? `${name} of ${contestant}` : `${name} of ${contestant} with ${size}`;
}
