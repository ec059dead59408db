import { KernelError } from '../kernel/errors.ts';

/** Runs one step of an undo. That its object is gone already, or that it is there again already, is what undoing wants. */
export function restoring(step: () => void): void {
  try {
    step();
  } catch (error) {
    if (error instanceof KernelError && goneOrThere.some((name) => error.is(name))) return;
    throw error;
  }
}

const goneOrThere = ['ENODEV', 'ENOENT', 'ESRCH', 'EADDRNOTAVAIL', 'EEXIST'] as const;
