import { type ErrnoName, errnoName, errnoNumbers, errnoText } from './errno.ts';

/** A system call failed. The message names the call and says why: `setns: operation not permitted`. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly syscall: string;
  /** Linux errno, positive. */
  readonly errno: number;
  /** Its name, as errors of node:fs have it: `EPERM`. */
  readonly code: string;

  constructor(syscall: string, errno: number, options?: ErrorOptions) {
    super(`${syscall}: ${errnoText(errno)}`, options);
    this.syscall = syscall;
    this.errno = errno;
    this.code = errnoName(errno);
  }

  is(name: ErrnoName): boolean {
    return this.errno === errnoNumbers[name];
  }
}
