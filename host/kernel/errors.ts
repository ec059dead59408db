import { type ErrnoName, errnoNumbers, errnoText } from '../system/errno.ts';

export { type ErrnoName, errnoNumbers };

/**
 * The kernel said no. The message says what was being done, to what, and why it failed:
 * `cannot add 10.1.2.3/24 to link 2: file exists (the kernel's extended acknowledgement where there is one)`.
 */
export class KernelError extends Error {
  override readonly name = 'KernelError';
  /** Linux errno, positive. */
  readonly errno: number;
  /** What is known besides: NLMSGERR_ATTR_MSG (linux/netlink.h) as the kernel worded it, or what the host found out. */
  readonly acknowledgement: string | undefined;
  /**
   * Whether it is the answer to the change that was asked for, so that nothing was done; of a change in several steps, not all. Else
   * the change may have been made: its answer was lost, or what came after it failed.
   */
  readonly refused: boolean;

  constructor(attempt: string, errno: number, acknowledgement?: string, options: KernelErrorOptions = {}) {
    super(`cannot ${attempt}: ${errnoText(errno)}${acknowledgement ? ` (${acknowledgement})` : ''}`, options);
    this.refused = options.refused ?? false;
    this.errno = errno;
    this.acknowledgement = acknowledgement;
  }

  is(name: ErrnoName): boolean {
    return this.errno === errnoNumbers[name];
  }
}

export interface KernelErrorOptions extends ErrorOptions {
  readonly refused?: boolean;
}

/** One of several steps failed; `cause` says why. Those before it were taken, those after it may have been. */
export class StepError extends Error {
  override readonly name = 'StepError';
  /** Among the steps, from 0. */
  readonly position: number;
  override readonly cause: unknown;

  constructor(position: number, cause: unknown) {
    super(`step ${position + 1}: ${cause instanceof Error ? cause.message : cause}`);
    this.position = position;
    this.cause = cause;
  }
}

/** What a path given as CNI_NETNS turned out to be. */
export type NamespaceErrorCode = 'missing' | 'not-a-namespace' | 'not-a-network-namespace' | 'inaccessible';

/** A path does not lead to a network namespace. */
export class NamespaceError extends Error {
  override readonly name = 'NamespaceError';
  readonly code: NamespaceErrorCode;

  constructor(code: NamespaceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
