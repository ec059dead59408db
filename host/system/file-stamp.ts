import { type Stats, statSync } from 'node:fs';

/** A file by what changes when it does; numbers as decimal text. A file that is not there has a size of -1. */
export interface FileStamp {
  readonly path: string;
  /** Device and inode. */
  readonly inode: string;
  readonly size: string;
  /** Nanoseconds of the last change of contents, and of anything. */
  readonly modified: string;
  readonly changed: string;
}

export function stampOf(path: string): FileStamp {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return { path, inode: '', size: '-1', modified: '', changed: '' };
  return {
    path,
    inode: `${stat.dev}:${stat.ino}`,
    size: String(stat.size),
    modified: String(stat.mtimeNs),
    changed: String(stat.ctimeNs),
  };
}

/** Whether the file is what it was when the stamp was made. */
export function isCurrent(stamp: FileStamp): boolean {
  const before = current.get(stamp);
  const now = statSync(stamp.path, { throwIfNoEntry: false });
  if (before !== undefined && now !== undefined) return isSame(now, before);
  const exact = stampOf(stamp.path);
  const isStill =
    exact.inode === stamp.inode &&
    exact.size === stamp.size &&
    exact.modified === stamp.modified &&
    exact.changed === stamp.changed;
  if (isStill && now !== undefined) current.set(stamp, now);
  return isStill;
}

/**
 * What the kernel said before a stamp was found to be current: compared with that, it needs no texts. Times are in milliseconds here, to
 * a quarter of a microsecond: no two writes are that near to each other.
 */
const current = new WeakMap<FileStamp, Stats>();

function isSame(now: Stats, before: Stats): boolean {
  return (
    now.ino === before.ino &&
    now.dev === before.dev &&
    now.size === before.size &&
    now.mtimeMs === before.mtimeMs &&
    now.ctimeMs === before.ctimeMs
  );
}
