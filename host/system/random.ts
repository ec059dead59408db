import { randomFillSync } from 'node:crypto';

/** Drawn together: one by one, each call costs twenty microseconds. */
const pool = Buffer.alloc(4096);
let used = pool.length;

/** So many random bytes, hexadecimal: for names that nobody has yet. */
export function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
