import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Deadline } from './deadline.ts';
import { errnoNumbers } from './errno.ts';
import { KeptFile } from './kept-file.ts';
import { laneOf } from './lane.ts';
import { trySystemCall } from './libc.ts';
import { beforeLongWait } from './long-wait.ts';
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

/** Files share so many counters by a hash. */
const lanes = 1024;

/** Counts for each lane how often a thread of this process has given a lock back. */
let returns: Int32Array | undefined;

/** Memory for `hearReturns`. */
export function allocateReturns(): SharedArrayBuffer {
  return new SharedArrayBuffer(lanes * Int32Array.BYTES_PER_ELEMENT);
}

/**
 * From here on this thread wakes those that wait for a lock that it gives back, and is woken by them. The memory is the same for all
 * of them; other processes, and threads that died, are noticed by looking from time to time as before.
 */
export function hearReturns(memory: SharedArrayBuffer): void {
  returns = new Int32Array(memory);
}

/**
 * An exclusive lock on a file of its own. `using lock = lockFile(...)` gives it back at the end of the block.
 * The steps are in an order in which a time-out between any two leaves no lock that `releaseLocksAfter` does not find, and no
 * descriptor in its list that may be somebody else's by then.
 */
export class FileLock implements Disposable {
  readonly fd: number;
  readonly #lane: number;
  readonly #isKept: boolean;

  private constructor(fd: number, lane: number, isKept: boolean) {
    this.fd = fd;
    this.#lane = lane;
    this.#isKept = isKept;
  }

  /** Opens the file, and closes it again where there is no lock to be had. See `lockFile`. */
  static take(path: string, open: () => number, subject: string, deadline: Deadline): FileLock {
    const lock = new FileLock(open(), laneOf(path, lanes), false);
    lock.#hold(() => waitFor(lock.fd, lock.#lane, subject, deadline));
    return lock;
  }

  /** Of a file that stays open. Undefined where it is not the one at its path any more. */
  static takeKept(path: string, file: KeptFile, subject: string, deadline: Deadline): FileLock | undefined {
    const lock = new FileLock(file.opened(), laneOf(path, lanes), true);
    const isThere = () => file.isThere();
    if (lock.#hold(() => waitFor(lock.fd, lock.#lane, subject, deadline, isThere) && isThere())) return lock;
    lock.release();
    return undefined;
  }

  /** Returns what waiting came to. Where it throws, the lock is given back. */
  #hold(wait: () => boolean): boolean {
    held.add(this);
    try {
      return wait();
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Gives the lock back; the file stays, since removing it would let two holders in. A second time does nothing. */
  release(): void {
    if (!held.has(this)) return;
    flock(this.fd, 'unlock');
    held.delete(this);
    if (!this.#isKept) closeSync(this.fd);
    if (returns === undefined) return;
    Atomics.add(returns, this.#lane, 1);
    Atomics.notify(returns, this.#lane, 1);
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
  return FileLock.take(path, () => openLockFile(path, options), options.subject ?? path, deadline);
}

/** The file of a lock that is taken again and again: it stays open in between. */
export class LockFile {
  readonly #path: string;
  readonly #subject: string;
  readonly #file: KeptFile;

  constructor(path: string, options: LockOptions = {}) {
    this.#path = path;
    this.#subject = options.subject ?? path;
    this.#file = new KeptFile(path, () => openLockFile(path, options));
  }

  /** As `lockFile`. The lock is that of the file that is there once it is taken. */
  lock(deadline: Deadline): FileLock {
    for (;;) {
      const lock = FileLock.takeKept(this.#path, this.#file, this.#subject, deadline);
      if (lock !== undefined) return lock;
      this.close();
    }
  }

  /** Not while it is locked. */
  close(): void {
    this.#file.close();
  }
}

function openLockFile(path: string, options: LockOptions): number {
  const { flags = constants.O_RDWR, mode = 0o600, directoryMode = 0o700 } = options;
  return inDirectory(path, directoryMode, () => openSync(path, flags | constants.O_CREAT, mode));
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

/** False where the lock is not worth waiting for any more. */
function waitFor(fd: number, lane: number, subject: string, deadline: Deadline, isWanted = () => true): boolean {
  for (let pause = 1; ; pause = Math.min(10, pause * 2)) {
    const before = returns && Atomics.load(returns, lane);
    if (flock(fd, 'exclusive', { nonBlocking: true })) return true;
    if (!isWanted()) return false;
    if (deadline.passed) throw new LockTimeout(subject);
    awaitReturn(lane, before, Math.min(pause, deadline.remaining));
  }
}

/** Until a thread gives such a lock back, or so many milliseconds: others do not tell. */
function awaitReturn(lane: number, before: number | undefined, milliseconds: number): void {
  beforeLongWait();
  if (returns === undefined || before === undefined) sleep(milliseconds);
  else Atomics.wait(returns, lane, before, milliseconds);
}
