import { parseArgs } from 'node:util';
import type { Scale } from './scenarios/scenario.ts';
import { scenarios } from './scenarios/scenarios.ts';

export interface Options {
  /** The result as JSON on standard output, and nothing else. */
  readonly json: boolean;
  /** A whole run into docs/benchmarks.md and docs/benchmarks.svg. */
  readonly write: boolean;
  /** Little of everything, to see that all of it can be measured. */
  readonly smoke: boolean;
  readonly only: readonly string[];
  readonly reference?: string;
  readonly scale: Scale;
}

export const usage =
  'npm run bench -- [--json] [--write] [--smoke] [--rounds N] [--only NAME[,NAME]] [--reference DIRECTORY]';

/** Throws TypeError. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      reference: { type: 'string' },
    },
  });
  const { json, write, smoke, reference } = values;
  if (write && (smoke || values.only !== undefined)) throw new TypeError('--write is for whole runs');
  return {
    ...{ json, write, smoke },
    only: namesOf(values.only),
    scale: smoke ? smokeScale : scaleOf(values.rounds),
    ...(reference === undefined ? {} : { reference }),
  };
}

function namesOf(only: string | undefined): string[] {
  const known = scenarios.map(({ name }) => name);
  const names = only?.split(',') ?? known;
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new TypeError(`no scenario is named ${unknown}; there is ${known.join(', ')}`);
  return names;
}

function scaleOf(given = '200'): Scale {
  const rounds = Number(given);
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError(`--rounds ${given} is no number of rounds`);
  const tenth = Math.max(2, Math.ceil(rounds / 10));
  return {
    ...{ rounds, batches: tenth, growthRounds: tenth, rest: 5_000, warmUp: 400, crowd: 500 },
    ...{ atOnce: [16, 100], masqueradedAtOnce: 16 },
    ...{ ports: [0, 100, 300, 600, 900], leases: [0, 1_000, 10_000, 50_000] },
  };
}

const smokeScale: Scale = {
  ...{ rounds: 2, batches: 1, growthRounds: 1, rest: 100, warmUp: 16, crowd: 20 },
  ...{ atOnce: [16], masqueradedAtOnce: 4, ports: [0, 20], leases: [0, 100] },
};
