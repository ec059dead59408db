import { closeSync, openSync } from 'node:fs';
import { systemCall, trySystemCall } from '../../system/libc.ts';
import { SystemError } from '../../system/system-error.ts';
import { CLONE_NEWNET, openNamespaceDescriptor } from './namespace-descriptor.ts';

/**
 * The thread is in a network namespace that is not its own and cannot leave it. Whatever it did next would be done to the
 * wrong network: it must end at once (`process.exitCode`, or leaving the worker), not go on.
 */
export class StrandedThread extends Error {
  override readonly name = 'StrandedThread';

  constructor(options: ErrorOptions) {
    super('this thread cannot get back to its own network namespace and must end', options);
  }
}

/** Of the thread that opens it. */
const current = '/proc/thread-self/ns/net';

/**
 * Which network namespace the calling thread is in. setns(2) moves one thread, not the process, so each worker has one of
 * these for itself, and must not hand it to another.
 */
export class ThreadNamespace {
  /** Open descriptor of the namespace that is the thread's own here. */
  readonly fd: number;
  /** The one that it came from and goes back to in the end; the same where nothing else was asked for. */
  readonly #origin: number;
  #closed = false;

  /** Moves the thread to the namespace at `path`, which is its own from then on. Throws NamespaceError or SystemError. */
  constructor(path?: string) {
    this.#origin = openSync(current, 'r');
    try {
      this.fd = path === undefined ? this.#origin : openNamespaceDescriptor(path);
      if (path !== undefined) systemCall('setns', this.fd, CLONE_NEWNET);
    } catch (error) {
      closeSync(this.#origin);
      throw error;
    }
  }

  /**
   * Runs `action` with the thread in the namespace of `fd`, and takes it back whatever is thrown. Keep the action short, and
   * start nothing in it that goes on afterwards: a child process would be born in that namespace.
   * Throws SystemError where the thread may not enter, StrandedThread where it cannot leave.
   */
  inside<T>(fd: number, action: () => T): T {
    if (fd === this.fd) return action();
    systemCall('setns', fd, CLONE_NEWNET);
    try {
      return action();
    } finally {
      this.return();
    }
  }

  /** Takes the thread to its own namespace, wherever it is. Throws StrandedThread. */
  return(): void {
    enter(this.fd);
  }

  /** Takes the thread to where it came from. Throws StrandedThread. */
  close(): void {
    if (this.#closed) return;
    enter(this.#origin);
    this.#closed = true;
    if (this.fd !== this.#origin) closeSync(this.fd);
    closeSync(this.#origin);
  }
}

/** A new network namespace, which lasts as long as its descriptor. Throws SystemError; StrandedThread where the thread cannot get back from it. */
export function makeNamespace(): number {
  const own = openSync(current, 'r');
  try {
    systemCall('unshare', CLONE_NEWNET);
    try {
      return openSync(current, 'r');
    } finally {
      enter(own);
    }
  } finally {
    closeSync(own);
  }
}

function enter(fd: number): void {
  const result = trySystemCall('setns', fd, CLONE_NEWNET);
  if (result < 0) throw new StrandedThread({ cause: new SystemError('setns', -result) });
}
