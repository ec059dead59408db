import type { Bench } from '../bench/bench.ts';
import { type Checked, failures, knownFailures, mended } from '../run.ts';

/** For machines: everything, and the lists that decide. */
export function jsonReport(bench: Bench, all: readonly Checked[]): string {
  const ids = (some: readonly Checked[]) => some.map(({ check }) => check.id);
  const report = {
    directory: bench.binaries,
    plugins: Object.fromEntries([...bench.versions].map(([type, versions]) => [type, versions ?? []])),
    failed: ids(failures(all)),
    known: ids(knownFailures(all)),
    mended: ids(mended(all)),
    checks: all.map(({ check, outcome: { kind, ...details }, known, milliseconds }) => ({
      id: check.id,
      title: check.title,
      outcome: kind,
      ...(known ? { known } : {}),
      ...details,
      sentence: check.rule.sentence,
      source: check.rule.source,
      milliseconds: Math.round(milliseconds),
    })),
  };
  return JSON.stringify(report, null, 2);
}
