import { type IpAddress, ipFamily } from '../net/ip.ts';
import { ipFromNumber, ipNumber } from '../net/number.ts';
import type { LeaseRange } from '../operations/operation.ts';

/** Whether the range has the address, its excluded ones included. */
export function rangeContains({ first, last }: LeaseRange, address: IpAddress): boolean {
  if (ipFamily(first) !== ipFamily(address)) return false;
  const number = ipNumber(address);
  return ipNumber(first) <= number && number <= ipNumber(last);
}

/**
 * The addresses of a range set in the order in which the reference tries them: from the one after `cursor` round all ranges
 * and back to it, itself last; from the start where the cursor lies in none of them. Excluded ones are left out.
 */
export function* candidates(ranges: readonly LeaseRange[], cursor: IpAddress | undefined): Generator<IpAddress> {
  const at = cursor === undefined ? -1 : ranges.findIndex((range) => rangeContains(range, cursor));
  const current = ranges[at];
  if (cursor === undefined || current === undefined) {
    for (const range of ranges) yield* span(range, ipNumber(range.first), ipNumber(range.last));
    return;
  }
  const from = ipNumber(cursor);
  yield* span(current, from + 1n, ipNumber(current.last));
  for (const range of [...ranges.slice(at + 1), ...ranges.slice(0, at)]) {
    yield* span(range, ipNumber(range.first), ipNumber(range.last));
  }
  yield* span(current, ipNumber(current.first), from);
}

function* span({ first, excluded }: LeaseRange, from: bigint, to: bigint): Generator<IpAddress> {
  const family = ipFamily(first);
  for (let number = from; number <= to; number++) {
    const address = ipFromNumber(number, family);
    if (!excluded.includes(address)) yield address;
  }
}
