import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rotated, summarize } from '../../../bench/statistics.ts';

describe('a summary', () => {
  test('has the quantiles that R and NumPy have', () => {
    const samples = [15, 20, 35, 40, 50];
    expect(summarize(samples)).toEqual({ count: 5, median: 35, p95: 48, p99: expect.closeTo(49.6) });
    expect(summarize([1, 2, 3, 4])).toMatchObject({ median: 2.5, p95: expect.closeTo(3.85) });
  });

  test('of one measurement is that one', () => {
    expect(summarize([7])).toEqual({ count: 1, median: 7, p95: 7, p99: 7 });
  });

  test('has the slowest at its end where less is worse', () => {
    expect(summarize([50, 40, 35, 20, 15], 'smaller')).toEqual({
      ...{ count: 5, median: 35 },
      ...{ p95: expect.closeTo(16), p99: expect.closeTo(15.2) },
    });
  });

  test('of nothing is an error', () => {
    expect(() => summarize([])).toThrow(RangeError);
  });

  test('is within what was measured, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1 }), { minLength: 1 }), (samples) => {
        const { median, p95, p99 } = summarize(samples);
        expect(Math.min(...samples)).toBeLessThanOrEqual(median);
        expect(median).toBeLessThanOrEqual(p95);
        expect(p95).toBeLessThanOrEqual(p99);
        expect(p99).toBeLessThanOrEqual(Math.max(...samples));
        expect(summarize(samples.toReversed())).toEqual({ count: samples.length, median, p95, p99 });
      }),
    );
  });
});

test('turns give each its time at each place', () => {
  expect([0, 1, 2, 3].map((turn) => rotated(['a', 'b', 'c'], turn).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
  expect(rotated([], 5)).toEqual([]);
});
