import { closeSync, fstatSync, type Stats, statSync } from 'node:fs';

/** A file as it is now, open. */
export interface OpenFile {
  readonly fd: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * A file that is used again and again, and stays open in between: opening it takes longer than what is done with it.
 */
export class KeptFile {
  readonly #path: string;
  readonly #open: (path: string) => number;
  #kept: { readonly fd: number; readonly dev: number; readonly ino: number } | undefined;

  /** `open` may make the file. */
  constructor(path: string, open: (path: string) => number) {
    this.#path = path;
    this.#open = open;
  }

  /** The file that is at the path now: where the one that was open is another, it is closed. Throws what `open` throws. */
  open(): OpenFile {
    const there = this.#there();
    if (there !== undefined) return { fd: this.opened(), size: there.size };
    this.close();
    const fd = this.opened();
    return { fd, size: fstatSync(fd).size };
  }

  /** The file that is open, whatever is at the path by now; where none is, the one that is there. Throws what `open` throws. */
  opened(): number {
    if (this.#kept !== undefined) return this.#kept.fd;
    const fd = this.#open(this.#path);
    const { dev, ino } = fstatSync(fd);
    this.#kept = { fd, dev, ino };
    return fd;
  }

  /** Whether the file that is open is the one at the path. */
  isThere(): boolean {
    return this.#there() !== undefined;
  }

  close(): void {
    const fd = this.#kept?.fd;
    // First: a time-out in between leaves a descriptor open, and none in use that may be somebody else's by then.
    this.#kept = undefined;
    if (fd !== undefined) closeSync(fd);
  }

  #there(): Stats | undefined {
    if (this.#kept === undefined) return undefined;
    const there = statSync(this.#path, { throwIfNoEntry: false });
    if (there?.ino !== this.#kept.ino || there.dev !== this.#kept.dev) return undefined;
    return Number.isSafeInteger(there.ino) || isSameInode(this.#path, this.#kept.fd) ? there : undefined;
  }
}

/** For inode numbers that a double does not hold. */
function isSameInode(path: string, fd: number): boolean {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino === fstatSync(fd, { bigint: true }).ino;
}
