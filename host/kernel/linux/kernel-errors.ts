import { NetlinkDecodeError, NetlinkEncodeError } from '../../netlink/decode-error.ts';
import { NetlinkOverrun, NetlinkRefusal, NetlinkTimeout, NetlinkUnsteadyDump } from '../../netlink/errors.ts';
import { errnoNumbers } from '../../system/errno.ts';
import { KernelError } from '../errors.ts';

/** Runs `action` and turns what netlink, system calls and node:fs throw into a KernelError: `cannot <attempt>: ...`. */
export function attempting<T>(attempt: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw kernelError(attempt, error) ?? error;
  }
}

/** Undefined for an error that is none of the kernel's. */
function kernelError(attempt: string, error: unknown): KernelError | undefined {
  if (!(error instanceof Error) || error instanceof KernelError) return undefined;
  const options = { cause: error };
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

function errnoOf(error: Error): number | undefined {
  if (error instanceof NetlinkTimeout) return errnoNumbers.ETIMEDOUT;
  if (error instanceof NetlinkOverrun) return errnoNumbers.ENOBUFS;
  if (error instanceof NetlinkUnsteadyDump) return errnoNumbers.EINTR;
  if (error instanceof NetlinkEncodeError) return errnoNumbers.EINVAL;
  if (error instanceof NetlinkDecodeError) return errnoNumbers.EIO;
  return undefined;
}
