import { HostFault } from '../engine/errors.ts';
import { LeaseError } from '../ipam/error.ts';
import { KernelError } from '../kernel/errors.ts';
import { LockTimeout } from '../system/flock.ts';

export type FaultCode =
  | 'denied'
  | 'limit'
  | 'not-found'
  | 'exists'
  | 'invalid-argument'
  | 'busy'
  | 'timed-out'
  | 'unsupported'
  | 'kernel';

/** `bulkhead:net/types.fault`: why a host call failed, as the guest gets it. */
export interface WitFault {
  readonly code: FaultCode;
  /** Linux errno, 0 where the kernel was not asked. */
  readonly errno: number;
  readonly message: string;
}

export function fault(code: FaultCode, message: string, errno = 0, cause?: unknown): HostFault<WitFault> {
  return new HostFault<WitFault>({ code, errno, message }, message, { cause });
}

/** What a guest gets where a host function threw that: the kernel or the lease store said no. All else is the host's own, and ends the guest. */
export function faultOf(error: unknown): unknown {
  if (error instanceof KernelError) return fault(codeOf(error), error.message, error.errno, error);
  if (error instanceof LeaseError) return fault('kernel', error.message, error.errno, error);
  if (error instanceof LockTimeout) return fault('timed-out', error.message, 0, error);
  return error;
}

function codeOf(error: KernelError): FaultCode {
  if (error.is('ENOENT') || error.is('ENODEV') || error.is('ESRCH')) return 'not-found';
  if (error.is('EEXIST')) return 'exists';
  if (error.is('EINVAL') || error.is('ERANGE')) return 'invalid-argument';
  if (error.is('EBUSY')) return 'busy';
  if (error.is('ETIMEDOUT')) return 'timed-out';
  if (error.is('EOPNOTSUPP')) return 'unsupported';
  return 'kernel';
}
