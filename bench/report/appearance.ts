import type { ContestantName } from '../contestants/contestant.ts';

/** Who is in the plot, from the top, as it is called there, and its colour. */
const appearances = {
  floor: ['the kernel alone', '#8c959f'],
  'daemon wasmtime': ['Bulkhead, wasmtime', '#c2255c'],
  'daemon v8': ['Bulkhead, v8', '#e8872e'],
  go: ['Go', '#1c7ed6'],
  'one-shot v8': ['Bulkhead, no daemon', '#9775fa'],
} as const satisfies Partial<Record<ContestantName, readonly [label: string, color: string]>>;

type Shown = keyof typeof appearances;

export const labels = Object.values(appearances).map(([label]) => label);
export const colors = Object.values(appearances).map(([, color]) => color);

/** Undefined where it is not in the plot. */
export function labelOf(contestant: ContestantName): string | undefined {
  return contestant in appearances ? appearances[contestant as Shown][0] : undefined;
}
