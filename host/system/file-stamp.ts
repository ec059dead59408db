import { type BigIntStats, statSync } from 'node:fs';

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
  return stampFrom(path, statOf(path));
}

function stampFrom(path: string, stat: BigIntStats | undefined): FileStamp {
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
  const stat = statOf(stamp.path);
  const before = current.get(stamp);
  if (before !== undefined && stat !== undefined) {
    return (
      stat.ino === before.ino &&
      stat.dev === before.dev &&
      stat.size === before.size &&
      stat.mtimeNs === before.mtimeNs &&
      stat.ctimeNs === before.ctimeNs
    );
  }
  const now = stampFrom(stamp.path, stat);
  const isSame =
    now.inode === stamp.inode &&
    now.size === stamp.size &&
    now.modified === stamp.modified &&
    now.changed === stamp.changed;
  if (isSame && stat !== undefined) current.set(stamp, stat);
  return isSame;
}

/** What the kernel said when a stamp was found to be current: compared with that, it needs no texts. */
const current = new WeakMap<FileStamp, BigIntStats>();

function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}
