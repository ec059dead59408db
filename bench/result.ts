import { cpus, release } from 'node:os';
import type { Figure } from './figures.ts';
import type { Compared } from './targets.ts';

/** A run, as `--json` prints it. */
export interface Result {
  readonly machine: Machine;
  /** Version of the Go plugins. */
  readonly reference: string;
  readonly figures: readonly Figure[];
  readonly targets: readonly Compared[];
}

interface Machine {
  readonly kernel: string;
  readonly processor: string;
  readonly processors: number;
}

export function thisMachine(): Machine {
  const all = cpus();
  return { kernel: release(), processor: all[0]?.model ?? 'unknown', processors: all.length };
}
