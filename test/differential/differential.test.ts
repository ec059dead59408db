import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { missingReference, referenceBinaries } from '../e2e/installation.ts';
import { cases } from './cases.ts';
import { Twins } from './twins.ts';

/** As many as there is time for; `node scripts/differential.ts` does more. */
const numRuns = 8;

describe.skipIf(missingReference)('networks that are made up', () => {
  test('come to the same by both implementations', () => {
    using twins = new Twins(referenceBinaries);
    const property = fc.property(cases({ modern: false }), (one) => {
      expect(twins.compare(one)).toBeUndefined();
    });
    // The same ones each time; scripts/differential.ts makes up others.
    fc.assert(property, { numRuns, seed: 500, endOnFailure: true });
  }, 180_000);
});
