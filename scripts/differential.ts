// The same networks by both implementations: `node scripts/differential.ts [--cases N] [--seed S] [--reference DIR] [--modern]`.
// Ends with status 1, and the case, where they do not come to the same.
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { cases } from '../test/differential/cases.ts';
import { Twins } from '../test/differential/twins.ts';
import { referenceBinaries } from '../test/e2e/installation.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '500' },
    seed: { type: 'string' },
    reference: { type: 'string', default: referenceBinaries },
    /** The reference is of 1.9 or later. */
    modern: { type: 'boolean', default: false },
  },
});
const started = performance.now();
using twins = new Twins(values.reference);
let done = 0;
const seed = values.seed === undefined ? {} : { seed: Number(values.seed) };
const checked = fc.check(
  fc.property(cases({ modern: values.modern }), (one) => {
    const difference = twins.compare(one);
    if (++done % 50 === 0) console.log(`${done} cases`);
    if (difference !== undefined) throw new Error(JSON.stringify(difference, null, 1));
  }),
  { numRuns: Number(values.cases), ...seed, endOnFailure: true },
);
const seconds = ((performance.now() - started) / 1000).toFixed(0);
if (checked.failed) {
  console.error(`${JSON.stringify(checked.counterexample?.[0], null, 1)}\n${checked.errorInstance}`);
  console.error(`again: --seed ${checked.seed}; case ${checked.numRuns}`);
  process.exitCode = 1;
} else console.log(`${done} cases without a difference, ${seconds} s`);
