import { expect, test } from 'vitest';
import type { ContestantName } from '../../../bench/contestants/contestant.ts';
import type { Figure } from '../../../bench/figures.ts';
import { targetInWords } from '../../../bench/report/words.ts';
import { compare } from '../../../bench/targets.ts';

function figure(name: string, contestant: ContestantName, median: number, size?: number): Figure {
  const all = { name, contestant, unit: 'ns', count: 1, median, p95: 2 * median, p99: 3 * median } as const;
  return size === undefined ? all : { ...all, size };
}

const inWords = (...figures: readonly Figure[]) => compare(figures).map((one) => `${one.ratio} ${targetInWords(one)}`);

test('a target is met at its limit, and not beyond', () => {
  expect(inWords(figure('VERSION', 'daemon wasmtime', 4), figure('VERSION', 'go', 10))).toEqual([
    '0.4 median ≤ 0.4 × go ✓',
  ]);
  expect(inWords(figure('VERSION', 'daemon wasmtime', 5), figure('VERSION', 'go', 10))).toEqual([
    '0.5 median ≤ 0.4 × go ✗',
  ]);
});

test('more calls in a second are better', () => {
  const of = (own: number) =>
    inWords(figure('100 at once: ADD', 'daemon wasmtime', own), figure('100 at once: ADD', 'go', 100));
  expect(of(300)).toEqual(['3 median ≥ 3 × go ✓']);
  expect(of(200)).toEqual(['2 median ≥ 3 × go ✗']);
});

test('a size is held against the same size, or against none', () => {
  const own = [
    figure('host-local ADD', 'daemon wasmtime', 2, 0),
    figure('host-local ADD', 'daemon wasmtime', 3, 50_000),
  ];
  const go = [figure('host-local ADD', 'go', 4, 0), figure('host-local ADD', 'go', 600, 50_000)];
  expect(inWords(...own, ...go)).toEqual(['0.005 median ≤ 0.01 × go ✓', '1.5 median ≤ 1.2 × with 0 ✗']);
});

test('what was not measured is no target', () => {
  expect(compare([figure('VERSION', 'daemon wasmtime', 1), figure('bridge ADD', 'go', 1)])).toEqual([]);
});
