import type { Bench } from './bench/bench.ts';
import { type Check, Finding } from './check.ts';

/** What came of a check. */
export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly did: string; readonly expected: string; readonly seen: string }
  | { readonly kind: 'skipped'; readonly reason: string };

export interface Checked {
  readonly check: Check;
  readonly outcome: Outcome;
  /** It is on the list of known failures. */
  readonly known: boolean;
  readonly milliseconds: number;
}

export interface RunOptions {
  /** How many checks run at once; each has a world of its own. */
  readonly jobs: number;
  /** Ids of checks that may fail. */
  readonly known: ReadonlySet<string>;
  readonly progress?: (checked: Checked) => void;
}

/** Runs the checks and tells what came of each, in their order. */
export async function runChecks(
  bench: Bench,
  checks: readonly Check[],
  { jobs, known, progress }: RunOptions,
): Promise<readonly Checked[]> {
  const done: Checked[] = [];
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < checks.length && !bench.aborted; i = next++) {
      const check = checks[i];
      if (check === undefined) return;
      const started = performance.now();
      const outcome = await runCheck(bench, check);
      if (bench.aborted) return;
      const checked = { check, outcome, known: known.has(check.id), milliseconds: performance.now() - started };
      done[i] = checked;
      progress?.(checked);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return done;
}

async function runCheck(bench: Bench, check: Check): Promise<Outcome> {
  const reason = await bench.missing(check);
  if (reason !== undefined) return { kind: 'skipped', reason };
  await using world = bench.world(check);
  try {
    await check.run(world);
    return { kind: 'passed' };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof Finding) return { kind: 'failed', did: error.did, expected: error.expected, seen: error.seen };
    // Something that the suite relies on is not as it should be: that is the plugin's doing more often than not.
    return { kind: 'failed', did: check.title, expected: 'the check to come to its end', seen: error.message };
  }
}

/** Those that make the run fail. */
export function failures(all: readonly Checked[]): readonly Checked[] {
  return all.filter(({ outcome, known }) => outcome.kind === 'failed' && !known);
}

/** Failures that are known. */
export function knownFailures(all: readonly Checked[]): readonly Checked[] {
  return all.filter(({ outcome, known }) => outcome.kind === 'failed' && known);
}

/** Known failures that are none any more. */
export function mended(all: readonly Checked[]): readonly Checked[] {
  return all.filter(({ outcome, known }) => outcome.kind === 'passed' && known);
}
