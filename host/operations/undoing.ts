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

/** Restores the fields one by one: one that the kernel does not take must not keep the others back. Throws the first such error, at the end. */
export function restoringEach<T extends object>(fields: T, step: (field: Partial<T>) => void): void {
  const errors: KernelError[] = [];
  for (const [key, value] of Object.entries(fields)) {
    try {
      restoring(() => step({ [key]: value } as Partial<T>));
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      errors.push(error);
    }
  }
  if (errors[0] !== undefined) throw errors[0];
}

const goneOrThere = ['ENODEV', 'ENOENT', 'ESRCH', 'ENXIO', 'EADDRNOTAVAIL', 'EEXIST'] as const;
