import { closeSync, constants, openSync } from 'node:fs';
import type { Deadline } from './deadline.ts';
import { errnoNumbers } from './errno.ts';
import { trySystemCall } from './libc.ts';
import { sleep } from './sleep.ts';
import { SystemError } from './system-error.ts';

/** sys/file.h */
const operations = { shared: 1, exclusive: 2, unlock: 8 } as const;
const LOCK_NB = 4;

export type FlockOperation = keyof typeof operations;

/**
 * flock(2): a lock of the open file, shared by duplicates of the descriptor, gone when the last of them is closed.
 * Returns whether the operation was done: false only with `nonBlocking`, where somebody else has the lock.
 * Without `nonBlocking` this blocks the thread without end; prefer `lockFile`. Throws SystemError.
 */
export function flock(fd: number, operation: FlockOperation, { nonBlocking = false } = {}): boolean {
  for (;;) {
    const result = trySystemCall('flock', fd, operations[operation] | (nonBlocking ? LOCK_NB : 0));
    if (result >= 0) return true;
    if (nonBlocking && result === -errnoNumbers.EAGAIN) return false;
    if (result !== -errnoNumbers.EINTR) throw new SystemError('flock', -result);
  }
}

/** Somebody else kept a lock until the deadline. */
export class LockTimeout extends Error {
  override readonly name = 'LockTimeout';
  /** The file, or what the caller called it. */
  readonly subject: string;

  constructor(subject: string) {
    super(`cannot lock ${subject}: somebody else holds the lock, and there is no time left to wait`);
    this.subject = subject;
  }
}

/**
 * Takes the exclusive lock of an open file, trying without blocking after sleeps of 1 to 10 ms, so that no time-out of an
 * engine finds the thread inside flock(2). Tries at least once, also with a deadline that has passed.
 * Throws LockTimeout naming `subject`, or SystemError.
 */
export function lockDescriptor(fd: number, subject: string, deadline: Deadline): void {
  for (let pause = 1; !flock(fd, 'exclusive', { nonBlocking: true }); pause = Math.min(10, pause * 2)) {
    if (deadline.passed) throw new LockTimeout(subject);
    sleep(Math.min(pause, deadline.remaining));
  }
}

/** An exclusive lock on a file of its own. `using lock = lockFile(...)` gives it back at the end of the block. */
export interface FileLock extends Disposable {
  readonly fd: number;
  /** Gives the lock back; the file stays, since removing it would let two holders in. A second time does nothing. */
  release(): void;
}

/**
 * Opens the file, made with mode 0600 where there is none, and locks it as `lockDescriptor` does.
 * Throws LockTimeout, SystemError, or what node:fs throws where the file cannot be opened.
 */
export function lockFile(path: string, deadline: Deadline): FileLock {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    lockDescriptor(fd, path, deadline);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  let held = true;
  const release = () => {
    if (!held) return;
    // Before closing: a time-out between the two must not let a second call close somebody else's descriptor.
    held = false;
    closeSync(fd);
  };
  return { fd, release, [Symbol.dispose]: release };
}
