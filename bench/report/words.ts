import type { Figure, Unit } from '../figures.ts';
import type { Compared, Target } from '../targets.ts';

/** A value as people read it: three digits, milliseconds and mebibytes. */
export function valueInWords(value: number, unit: Unit): string {
  switch (unit) {
    case 'ns':
      return `${threeDigits(value / 1e6)} ms`;
    case 'calls/s':
      return `${threeDigits(value)}/s`;
    case 'bytes':
      return `${threeDigits(value / (1 << 20))} MiB`;
  }
}

/** `bridge ADD by ports, 900` */
export function titleOf({ name, size }: Pick<Figure, 'name' | 'size'>): string {
  return size === undefined ? name : `${name}, ${size.toLocaleString('en')}`;
}

/** How many times as much. */
export function ratioInWords(ratio: number): string {
  return `× ${threeDigits(ratio)}`;
}

/** `median ≤ 0.3 × go ✓` */
export function targetInWords(target: Compared): string {
  return `${limitInWords(target)} ${target.isMet ? '✓' : '✗'}`;
}

/** `median ≤ 0.3 × go` */
export function limitInWords({ statistic, against, againstSize, atMost, atLeast }: Target): string {
  const limit = atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`;
  return `${statistic} ${limit} × ${againstSize === undefined ? against : `with ${againstSize}`}`;
}

function threeDigits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}
