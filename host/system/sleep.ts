import { beforeLongWait } from './long-wait.ts';

const never = new Int32Array(new SharedArrayBuffer(4));

/** Stops the thread for so many milliseconds. Nothing else of it runs meanwhile: no timers, no promises. */
export function sleep(milliseconds: number): void {
  beforeLongWait();
  Atomics.wait(never, 0, 0, milliseconds);
}
