import type { ContestantName } from '../contestants/contestant.ts';
import { type Figure, find } from '../figures.ts';
import type { Result } from '../result.ts';
import { type Compared, champion } from '../targets.ts';
import { ratioInWords, targetInWords, titleOf, valueInWords } from './words.ts';

/** What is told of a figure, in words. */
export interface Row {
  readonly title: string;
  readonly contestant: ContestantName;
  readonly median: string;
  readonly p95: string;
  readonly p99: string;
  /** The medians' ratios; empty where the other one was not measured, or is this one. */
  readonly toGo: string;
  readonly toFloor: string;
  readonly targets: readonly Compared[];
}

export function rowsOf({ figures, targets }: Pick<Result, 'figures' | 'targets'>): Row[] {
  return figures.map((figure) => {
    const { name, size, unit, contestant, median, p95, p99 } = figure;
    return {
      ...{ title: titleOf(figure), contestant, median: valueInWords(median, unit) },
      ...{ p95: valueInWords(p95, unit), p99: valueInWords(p99, unit) },
      ...{ toGo: ratioTo('go', figure, figures), toFloor: ratioTo('floor', figure, figures) },
      targets: contestant === champion ? targets.filter((one) => one.name === name && one.size === size) : [],
    };
  });
}

function ratioTo(
  other: ContestantName,
  { name, contestant, size, median }: Figure,
  figures: readonly Figure[],
): string {
  const base = contestant === other ? undefined : find(figures, { name, contestant: other, size });
  return base === undefined ? '' : ratioInWords(median / base.median);
}

/** What the targets of a row say, one after the other. */
export function targetsInWords({ targets }: Row): string {
  return targets.map(targetInWords).join(', ');
}
