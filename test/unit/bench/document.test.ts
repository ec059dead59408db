import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Figure } from '../../../bench/figures.ts';
import { between, generated } from '../../../bench/report/document.ts';
import { plot } from '../../../bench/report/plot.ts';
import { compare } from '../../../bench/targets.ts';

const document = readFileSync(new URL('../../../docs/benchmarks.md', import.meta.url), 'utf8');
const figures: readonly Figure[] = [
  { name: 'VERSION', unit: 'ns', contestant: 'go', count: 9, median: 3e6, p95: 4e6, p99: 5.25e6 },
  { name: 'VERSION', unit: 'ns', contestant: 'daemon wasmtime', count: 9, median: 3e5, p95: 4e5, p99: 5e5 },
  { name: 'memory, idle', unit: 'bytes', contestant: 'daemon wasmtime', count: 1, median: 1e8, p95: 1e8, p99: 1e8 },
];
const machine = { kernel: '6.1', processor: 'abacus', processors: 2 };
const written = generated({ machine, reference: 'v1.9.1', figures, targets: compare(figures) });

test('figures stand in tables, with a target where there is one', () => {
  expect(written).toContain('Linux 6.1, 2 processors (abacus), reference v1.9.1.');
  expect(written).toContain('| VERSION | × 0.100 | median ≤ 0.4 × go | ✓ |');
  expect(written).toContain('| VERSION |  | 3.00 / 4.00 / 5.25 ms | 0.300 / 0.400 / 0.500 ms |  |  | × 0.100 |');
  expect(written).toContain('| memory, idle |  |  | 95.4 MiB |  |  |  |');
});

test('the page takes them where it says, instead of those before', () => {
  const once = between(document, written);
  expect(once).toContain(written);
  expect(between(once, 'others')).not.toContain('abacus');
  expect(between(between(once, 'others'), written)).toBe(once);
  expect(() => between('# Some page', written)).toThrow('does not say where');
});

test('the picture is an SVG document that names who is in it', async () => {
  const picture = await plot(figures);
  expect(picture).toMatch(/^<svg .*<\/svg>\n$/s);
  expect(picture).toContain('Bulkhead, wasmtime');
});
