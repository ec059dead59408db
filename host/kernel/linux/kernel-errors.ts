import { NetlinkDecodeError, NetlinkEncodeError } from '../../netlink/decode-error.ts';
import { NetlinkOverrun, NetlinkRefusal, NetlinkTimeout, NetlinkUnsteadyDump } from '../../netlink/errors.ts';
import { errnoNumbers } from '../../system/errno.ts';
import { KernelError } from '../errors.ts';

/** What is attempted: a change, whose refusal says that nothing was done, or anything else. */
export type Attempting = 'change' | 'other';

/** Runs `action` and turns what netlink, system calls and node:fs throw into a KernelError: `cannot <attempt>: ...`. */
export function attempting<T>(attempt: string, action: () => T, what: Attempting = 'other'): T {
  try {
    return action();
  } catch (error) {
    throw asKernelError(attempt, error, what);
  }
}

/** The error itself where it is none of the kernel's. */
export function asKernelError(attempt: string, error: unknown, what: Attempting = 'other'): unknown {
  return kernelError(attempt, error, what) ?? error;
}

/** Undefined for an error that is none of the kernel's. */
function kernelError(attempt: string, error: unknown, what: Attempting): KernelError | undefined {
  if (!(error instanceof Error) || error instanceof KernelError) return undefined;
  const options = { cause: error, refused: what === 'change' && isRefusal(error) };
  if (error instanceof NetlinkRefusal) {
    return new KernelError(attempt, error.acknowledgement.errno, error.acknowledgement.text, options);
  }
  const errno = errnoOf(error);
  if (errno !== undefined) return new KernelError(attempt, errno, error.message, options);
  // SystemError, and errors of node:fs, whose errno is negative.
  if ('errno' in error && typeof error.errno === 'number') {
    return new KernelError(attempt, Math.abs(error.errno), undefined, options);
  }
  return undefined;
}

/** The kernel's answer, a request that never left, or what a file said; not what became of a socket after the request was sent. */
function isRefusal(error: Error): boolean {
  return error instanceof NetlinkRefusal || error instanceof NetlinkEncodeError || 'path' in error || isWrite(error);
}

/** Of a file in /proc; sockets are written to by other calls. */
function isWrite(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'write';
}

function errnoOf(error: Error): number | undefined {
  if (error instanceof NetlinkTimeout) return errnoNumbers.ETIMEDOUT;
  if (error instanceof NetlinkOverrun) return errnoNumbers.ENOBUFS;
  if (error instanceof NetlinkUnsteadyDump) return errnoNumbers.EINTR;
  if (error instanceof NetlinkEncodeError) return errnoNumbers.EINVAL;
  if (error instanceof NetlinkDecodeError) return errnoNumbers.EIO;
  return undefined;
}
