import { readSync, writeSync } from 'node:fs';
import type { Answer } from '../calls/answer.ts';
import { sleep } from '../system/sleep.ts';

/** A configuration is a few kilobytes; more than this is not read. */
const largestStdin = 32 * 1024 * 1024;

/** Prints the answer and sets the exit status. */
export function print({ stdout, stderr, exitCode }: Answer): void {
  write(2, stderr);
  write(1, stdout);
  process.exitCode = exitCode;
}

/** All of stdin. Throws where it has more than a configuration can have. */
export function readStdin(): Uint8Array {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(65_536);
    const read = readChunk(chunk);
    if (read === 0) return Buffer.concat(chunks);
    size += read;
    if (size > largestStdin) throw new Error(`more than ${largestStdin} bytes`);
    chunks.push(chunk.subarray(0, read));
  }
}

/** A closed stdin has nothing in it; one that does not block is asked again. */
function readChunk(chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(0, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF' || code === 'EBADF') return 0;
      if (code !== 'EAGAIN') throw error;
      sleep(1);
    }
  }
}

/** Writes all of the text; a reader that has gone away does not get it, and is nobody to tell. */
export function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') return;
      sleep(1);
    }
  }
}
