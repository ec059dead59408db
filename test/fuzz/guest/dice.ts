// Numbers that look random and come again for the same seed.

import { Some } from 'bulkhead-sdk/abi/values';

let state: u64 = 1;

export function seed(value: u64): void {
  state = (value + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
  if (state == 0) state = 1;
  for (let i = 0; i < 4; i++) next();
}

/** xorshift64* */
export function next(): u32 {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return <u32>((state * 0x2545f4914f6cdd1d) >> 32);
}

export function below(limit: u32): u32 {
  return next() % limit;
}

/** Once in so many times. */
export function once(times: u32): bool {
  return below(times) == 0;
}

export function oneOf<T>(items: T[]): T {
  return items[below(<u32>items.length)];
}

export function maybeFlag(times: u32 = 2): Some<bool> | null {
  return once(times) ? null : new Some<bool>(once(2));
}
