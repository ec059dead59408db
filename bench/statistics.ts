/** What is told of many measurements of one thing. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  /** No better than this are the worst 5 of 100; the worst one. */
  readonly p95: number;
  readonly p99: number;
}

/** Which of two measurements is the worse one. */
export type Worse = 'larger' | 'smaller';

/** Throws RangeError where there is nothing to tell of. */
export function summarize(samples: readonly number[], worse: Worse = 'larger'): Summary {
  const sorted = samples.toSorted((one, other) => one - other);
  const at = (fraction: number) => quantile(sorted, worse === 'larger' ? fraction : 1 - fraction);
  return { count: sorted.length, median: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Between the two nearest of sorted numbers, linearly (Hyndman and Fan's type 7, which R and NumPy have by default). */
function quantile(sorted: readonly number[], fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const [below, above] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  if (below === undefined || above === undefined) throw new RangeError('there are no measurements');
  return below + (above - below) * (position - Math.floor(position));
}

/** The items from another one each time, so that none is always the first. */
export function rotated<Item>(items: readonly Item[], turn: number): Item[] {
  const start = items.length === 0 ? 0 : turn % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
