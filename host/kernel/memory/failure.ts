import { type ErrnoName, errnoNumbers } from '../../system/errno.ts';
import { KernelError } from '../errors.ts';

/** Throws what the kernel would answer. `words` are those of its extended acknowledgement. */
export function refuse(attempt: string, errno: ErrnoName, words?: string): never {
  throw new KernelError(attempt, errnoNumbers[errno], words, { refused: true });
}
