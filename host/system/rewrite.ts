import { closeSync, constants, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { writeAll } from './write.ts';

/**
 * Gives a small file, which is made where there is none, other contents, in place: emptying it first, as `writeFileSync` does, has ext4
 * write it to the disk when it is closed (auto_da_alloc), which takes five times as long as all of this. A writer that is killed may leave
 * the end of what was there before behind what it wrote.
 */
export function rewriteFile(path: string, text: string, mode = 0o600): void {
  const bytes = Buffer.from(text);
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT, mode);
  try {
    writeAll(fd, bytes);
    if (fstatSync(fd).size > bytes.length) ftruncateSync(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
}
