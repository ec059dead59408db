import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Deadline } from '../system/deadline.ts';
import { lockFile } from '../system/flock.ts';
import type { SharedObject } from './effect.ts';

/**
 * Locks on shared objects, one file each. A lock is held for one operation or one read, never while a guest runs. The
 * files stay: there are as many as there are bridges and settings.
 */
export class SharedLocks {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Throws LockTimeout. */
  with<T>(object: SharedObject, deadline: Deadline, body: () => T): T {
    using _lock = lockFile(join(this.#directory, fileName(object)), deadline);
    return body();
  }
}

/** Readable where it can be; a hash keeps names apart that are spelled alike after that. */
function fileName(object: SharedObject): string {
  const hash = createHash('sha256').update(object).digest('hex').slice(0, 16);
  return `${object.replaceAll(/[^a-zA-Z0-9]+/g, '-').slice(0, 60)}-${hash}`;
}
