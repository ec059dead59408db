import { hash } from 'node:crypto';
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
  /** Of objects that were locked. */
  readonly #paths = new Map<SharedObject, string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Whether this one has locked it before. */
  has(object: SharedObject): boolean {
    return this.#paths.has(object);
  }

  /** Throws LockTimeout. */
  with<T>(object: SharedObject, deadline: Deadline, body: () => T): T {
    using _lock = lockFile(this.#pathOf(object), deadline);
    return body();
  }

  #pathOf(object: SharedObject): string {
    const known = this.#paths.get(object);
    if (known !== undefined) return known;
    if (this.#paths.size >= mostPaths) this.#paths.clear();
    const path = join(this.#directory, fileName(object));
    this.#paths.set(object, path);
    return path;
  }
}

/** Objects that are remembered. */
const mostPaths = 1024;

/** Readable where it can be; a hash keeps names apart that are spelled alike after that. */
function fileName(object: SharedObject): string {
  return `${object.replaceAll(/[^a-zA-Z0-9]+/g, '-').slice(0, 60)}-${hash('sha256', object).slice(0, 16)}`;
}
