import { beforeLongWait } from './long-wait.ts';

let never: Int32Array | undefined;

/** Stops the thread for so many milliseconds. Nothing else of it runs meanwhile: no timers, no promises. */
export function sleep(milliseconds: number): void {
  beforeLongWait();
  // Not at once: there is no shared memory where a snapshot is made.
  never ??= new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  Atomics.wait(never, 0, 0, milliseconds);
}
