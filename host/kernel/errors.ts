/** The errno names that a kernel answers with here; `KernelError.errno` has the number of any other. */
export type ErrnoName = keyof typeof errnoNumbers;

/** asm-generic/errno-base.h and asm-generic/errno.h */
export const errnoNumbers = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  ENOTDIR: 20,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOSPC: 28,
  EROFS: 30,
  ERANGE: 34,
  EOPNOTSUPP: 95,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
  EHOSTUNREACH: 113,
} as const;

/** The words of strerror(3) in the C locale, as Go and the C library print them, in lower case. */
const errnoTexts: Record<ErrnoName, string> = {
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  ESRCH: 'no such process',
  EINTR: 'interrupted system call',
  EIO: 'input/output error',
  ENXIO: 'no such device or address',
  EBADF: 'bad file descriptor',
  EAGAIN: 'resource temporarily unavailable',
  ENOMEM: 'cannot allocate memory',
  EACCES: 'permission denied',
  EBUSY: 'device or resource busy',
  EEXIST: 'file exists',
  ENODEV: 'no such device',
  ENOTDIR: 'not a directory',
  EINVAL: 'invalid argument',
  ENFILE: 'too many open files in system',
  EMFILE: 'too many open files',
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
  ERANGE: 'numerical result out of range',
  EOPNOTSUPP: 'operation not supported',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  ENETDOWN: 'network is down',
  ENETUNREACH: 'network is unreachable',
  ENOBUFS: 'no buffer space available',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to host',
};

/**
 * The kernel said no. The message says what was being done, to what, and why it failed:
 * `cannot add 10.1.2.3/24 to link 2: file exists (the kernel's extended acknowledgement where there is one)`.
 */
export class KernelError extends Error {
  override readonly name = 'KernelError';
  /** Linux errno, positive. */
  readonly errno: number;
  /** NLMSGERR_ATTR_MSG (linux/netlink.h), as the kernel worded it. */
  readonly acknowledgement: string | undefined;

  constructor(attempt: string, errno: number, acknowledgement?: string, options?: ErrorOptions) {
    super(`cannot ${attempt}: ${errnoText(errno)}${acknowledgement ? ` (${acknowledgement})` : ''}`, options);
    this.errno = errno;
    this.acknowledgement = acknowledgement;
  }

  is(name: ErrnoName): boolean {
    return this.errno === errnoNumbers[name];
  }
}

export function errnoText(errno: number): string {
  for (const [name, number] of Object.entries(errnoNumbers)) {
    if (number === errno) return errnoTexts[name as ErrnoName];
  }
  return `errno ${errno}`;
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
