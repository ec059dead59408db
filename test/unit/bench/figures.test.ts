import { describe, expect, test } from 'vitest';
import { type Expected, faultsOf, inOrder, Samples, type Subject } from '../../../bench/figures.ts';

const add: Subject = { name: 'bridge ADD', unit: 'ns', contestant: 'go' };
const rate: Subject = { name: '16 at once: ADD', unit: 'calls/s', contestant: 'go' };
const wanted: readonly Expected[] = [
  { ...add, count: 3 },
  { ...add, size: 900, count: 1 },
  { ...rate, count: 2 },
];

function samplesOf(...values: readonly (readonly [Subject, ...number[]])[]): Samples {
  const samples = new Samples();
  for (const [subject, ...all] of values) for (const value of all) samples.add(subject, value);
  return samples;
}

const complete = samplesOf([rate, 10, 20], [add, 1, 2, 3], [{ ...add, size: 900 }, 4]);

test('figures are of one thing each, in the order in which they were asked for', () => {
  const [first, second, third] = inOrder(complete.figures(), wanted);
  expect(first).toMatchObject({ ...add, count: 3, median: 2 });
  expect(second).toMatchObject({ ...add, size: 900, count: 1, median: 4 });
  // Few calls in a second are the bad end.
  expect(third).toMatchObject({ ...rate, count: 2, median: 15, p99: 10.1 });
});

describe('a run', () => {
  test('without a fault has measured all that was asked for', () => {
    expect(faultsOf(complete.figures(), wanted)).toEqual([]);
  });

  test.each([
    ['lacks a figure', samplesOf([rate, 10, 20], [add, 1, 2, 3]), /with 900: measured 0 times rather than 1/],
    ['lacks a measurement', samplesOf([rate, 10], [add, 1, 2, 3], [{ ...add, size: 900 }, 4]), /16 at once.*1 times/],
    ['took no time', samplesOf([rate, 1, 2], [add, 0, 0, 0], [{ ...add, size: 900 }, 4]), /ADD of go: 0, 0, 0 is no/],
    ['is no number', samplesOf([rate, 1, Number.NaN], [add, 1, 2, 3], [{ ...add, size: 900 }, 4]), /NaN.* is no/],
    [
      'has one too many',
      samplesOf([rate, 1, 2], [add, 1, 2, 3], [{ ...add, size: 900 }, 4], [{ ...add, contestant: 'floor' }, 1]),
      /floor: nobody asked for it/,
    ],
  ])('that %s is at fault', (_, samples, fault) => {
    expect(faultsOf(samples.figures(), wanted)).toEqual([expect.stringMatching(fault)]);
  });
});
