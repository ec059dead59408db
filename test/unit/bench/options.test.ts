import { expect, test } from 'vitest';
import { parseOptions } from '../../../bench/options.ts';
import { scenarios } from '../../../bench/scenarios/scenarios.ts';

test('everything is measured, unless scenarios are named', () => {
  expect(parseOptions([])).toMatchObject({ json: false, write: false, only: scenarios.map(({ name }) => name) });
  expect(parseOptions(['--only', 'bridge,ports', '--json'])).toMatchObject({ json: true, only: ['bridge', 'ports'] });
});

test('rounds are of single calls; there are a tenth as many of those that take long', () => {
  expect(parseOptions(['--rounds', '50']).scale).toMatchObject({ rounds: 50, batches: 5, growthRounds: 5 });
  expect(parseOptions(['--rounds', '1']).scale).toMatchObject({ rounds: 1, batches: 2 });
});

test.each([
  ['--rounds 0', '--rounds 0 is no number of rounds'],
  ['--rounds some', '--rounds some is no number of rounds'],
  ['--only bridge,router', 'no scenario is named router'],
  ['--write --smoke', '--write is for whole runs'],
  ['--write --only bridge', '--write is for whole runs'],
  ['--fast', "Unknown option '--fast'"],
  ['bridge', "Unexpected argument 'bridge'"],
])('%s is refused', (args, words) => {
  expect(() => parseOptions(args.split(' '))).toThrow(words);
});

test('a smoke run asks for every figure that a whole one has, at some size', () => {
  const namesAt = (args: readonly string[]) => {
    const { scale } = parseOptions(args);
    return new Set(
      scenarios.flatMap((scenario) => scenario.expects(scale)).map(({ name }) => name.replaceAll(/\d+ /g, 'some ')),
    );
  };
  expect(namesAt(['--smoke'])).toEqual(namesAt([]));
});
