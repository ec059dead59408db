import { statSync } from 'node:fs';

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
  const now = stampOf(stamp.path);
  return (
    now.inode === stamp.inode &&
    now.size === stamp.size &&
    now.modified === stamp.modified &&
    now.changed === stamp.changed
  );
}
