import type { ContestantName } from './contestants/contestant.ts';
import { type Figure, find } from './figures.ts';

/** What a figure of the daemon with wasmtime may be, in relation to another one: at most so many times as much, or at least. */
export interface Target {
  readonly name: string;
  readonly size?: number;
  readonly statistic: 'median' | 'p99';
  readonly against: ContestantName;
  /** Of what it is held against, where that is another size. */
  readonly againstSize?: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Compared extends Target {
  readonly ratio: number;
  readonly isMet: boolean;
}

export const champion = 'daemon wasmtime';

const median = (name: string, against: ContestantName, atMost: number): Target => ({
  ...{ name, statistic: 'median', against, atMost },
});
const throughput = (name: string, atLeast: number): Target => ({
  ...{ name, statistic: 'median', against: 'go', atLeast },
});

const targets: readonly Target[] = [
  median('VERSION', 'go', 0.4),
  median('VERSION', 'floor', 1.5),
  median('loopback ADD', 'go', 0.6),
  median('bridge ADD', 'go', 0.3),
  median('bridge ADD', 'floor', 2),
  { name: 'bridge ADD', statistic: 'p99', against: 'go', atMost: 0.5 },
  median('bridge DEL', 'go', 0.9),
  median('bridge DEL', 'floor', 1.1),
  median('bridge CHECK', 'go', 0.35),
  median('ipMasq ADD', 'go', 0.12),
  median('ipMasq DEL', 'go', 0.3),
  median('bridge ADD, CPU time', 'go', 0.4),
  throughput('100 at once: ADD', 3),
  throughput('100 at once: DEL', 2.5),
  throughput('16 at once, ipMasq: ADD', 5),
  throughput('16 at once, ipMasq: DEL', 5),
  { ...median('bridge ADD by ports', 'go', 0.3), size: 900 },
  { ...median('host-local ADD', 'go', 0.01), size: 50_000 },
  { ...median('host-local ADD', champion, 1.2), size: 50_000, againstSize: 0 },
];

/** Those targets for which both sides were measured. */
export function compare(figures: readonly Figure[]): Compared[] {
  return targets.flatMap((target) => {
    const { name, size, statistic, against, againstSize = size, atMost, atLeast } = target;
    const own = find(figures, { name, contestant: champion, size })?.[statistic];
    const other = find(figures, { name, contestant: against, size: againstSize })?.[statistic];
    if (own === undefined || other === undefined) return [];
    const ratio = own / other;
    const isMet = ratio <= (atMost ?? Number.POSITIVE_INFINITY) && ratio >= (atLeast ?? 0);
    return [{ ...target, ratio, isMet }];
  });
}
