import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Deadline } from '../system/deadline.ts';
import { type FileLock, lockFile } from '../system/flock.ts';
import type { SharedObject } from './effect.ts';

/**
 * Locks on shared objects, one file each. A lock is held for one operation or one read, never while a guest runs. The
 * files stay: there are as many as there are bridges and settings.
 */
export class SharedLocks {
  readonly #directory: string;
  readonly #held = new Set<FileLock>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Throws LockTimeout. */
  with<T>(object: SharedObject, deadline: Deadline, body: () => T): T {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const lock = lockFile(join(this.#directory, fileName(object)), deadline);
    this.#held.add(lock);
    try {
      return body();
    } finally {
      this.#held.delete(lock);
      lock.release();
    }
  }

  /** After a time-out has skipped the `finally` above: gives back what this thread still holds. */
  dropAll(): void {
    for (const lock of this.#held) lock.release();
    this.#held.clear();
  }
}

/** Readable where it can be; a hash keeps names apart that are spelled alike after that. */
function fileName(object: SharedObject): string {
  const hash = createHash('sha256').update(object).digest('hex').slice(0, 16);
  return `${object.replaceAll(/[^a-zA-Z0-9]+/g, '-').slice(0, 60)}-${hash}`;
}
