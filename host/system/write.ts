import { writeSync } from 'node:fs';

/** Writes all of it: at a position in bytes, or else where the descriptor is. Throws what node:fs throws, after a part of it where the disk is full. */
export function writeAll(fd: number, bytes: Uint8Array, position?: number): void {
  for (let at = 0; at < bytes.length; )
    at += writeSync(fd, bytes, at, bytes.length - at, position === undefined ? null : position + at);
}
