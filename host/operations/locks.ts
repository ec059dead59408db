import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { Deadline } from '../system/deadline.ts';
import { LockFile } from '../system/flock.ts';
import { Recent } from '../system/recent.ts';
import type { SharedObject } from './effect.ts';

/**
 * Locks on shared objects, one file each. A lock is held for one operation or one read, never while a guest runs. The
 * files stay: there are as many as there are bridges and settings.
 */
export class SharedLocks {
  readonly #files: Recent<SharedObject, LockFile>;

  constructor(directory: string) {
    this.#files = new Recent(mostFiles, (object) => new LockFile(join(directory, fileName(object))));
  }

  /** Whether this one has locked it of late: then there is a file. */
  has(object: SharedObject): boolean {
    return this.#files.has(object);
  }

  /** Throws LockTimeout. */
  with<T>(object: SharedObject, deadline: Deadline, body: () => T): T {
    using _lock = this.#files.get(object).lock(deadline);
    return body();
  }

  /** Files stay open between calls. */
  close(): void {
    this.#files.close();
  }
}

/** Of those that stay open. */
const mostFiles = 64;

/** Readable where it can be; a hash keeps names apart that are spelled alike after that. */
function fileName(object: SharedObject): string {
  return `${object.replaceAll(/[^a-zA-Z0-9]+/g, '-').slice(0, 60)}-${hash('sha256', object).slice(0, 16)}`;
}
