import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
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

export interface LockOptions {
  /** How the file is opened: for reading and writing where this says nothing. Made where there is none. */
  readonly flags?: number;
  /** Permissions of a file that is made, 0600 where this says nothing. */
  readonly mode?: number;
  /** Permissions of the directory, which is made where there is none, 0700 where this says nothing. */
  readonly directoryMode?: number;
  /** What the caller calls it in a LockTimeout; the path where absent. */
  readonly subject?: string;
}

/**
 * The locks that this thread holds, in the order in which it took them: a time-out can end the code that holds one without its
 * `finally`, and somebody has to give it back then.
 */
const held = new Set<FileLock>();

/**
 * An exclusive lock on a file of its own. `using lock = lockFile(...)` gives it back at the end of the block.
 * The steps are in an order in which a time-out between any two leaves no lock that `releaseLocksAfter` does not find, and no
 * descriptor in its list that may be somebody else's by then.
 */
export class FileLock implements Disposable {
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** Takes over the descriptor, which is closed where there is no lock to be had. See `lockFile`. */
  static take(fd: number, subject: string, deadline: Deadline): FileLock {
    const lock = new FileLock(fd);
    held.add(lock);
    try {
      waitFor(fd, subject, deadline);
      return lock;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Gives the lock back; the file stays, since removing it would let two holders in. A second time does nothing. */
  release(): void {
    if (!held.has(this)) return;
    flock(this.fd, 'unlock');
    held.delete(this);
    closeSync(this.fd);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/**
 * Opens the file and locks it, trying without blocking after sleeps of 1 to 10 ms, so that no time-out of an engine finds the
 * thread inside flock(2). Tries at least once, also with a deadline that has passed.
 * Throws LockTimeout naming the subject, SystemError, or what node:fs throws where the file cannot be opened.
 */
export function lockFile(path: string, deadline: Deadline, options: LockOptions = {}): FileLock {
  const { flags = constants.O_RDWR, mode = 0o600, directoryMode = 0o700, subject = path } = options;
  const open = () => openSync(path, flags | constants.O_CREAT, mode);
  return FileLock.take(inDirectory(path, directoryMode, open), subject, deadline);
}

/** The directory is there, mostly: it is made after it was missed. */
function inDirectory(path: string, mode: number, open: () => number): number {
  try {
    return open();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode });
    return open();
  }
}

/** The lock that this thread took last, of those that it still holds. */
export function newestLock(): FileLock | undefined {
  return [...held].at(-1);
}

/** After a time-out: gives back every lock that this thread took after the one it keeps; all of them where it keeps none. */
export function releaseLocksAfter(kept: FileLock | undefined): void {
  const all = [...held];
  const later = kept === undefined ? all : all.slice(all.indexOf(kept) + 1);
  for (const lock of later.reverse()) lock.release();
}

function waitFor(fd: number, subject: string, deadline: Deadline): void {
  for (let pause = 1; !flock(fd, 'exclusive', { nonBlocking: true }); pause = Math.min(10, pause * 2)) {
    if (deadline.passed) throw new LockTimeout(subject);
    sleep(Math.min(pause, deadline.remaining));
  }
}
