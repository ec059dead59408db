import { Configuration } from 'bulkhead-sdk/configuration';
import { ensure, fail } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import { ipamSection } from 'bulkhead-sdk/ipam';
import { Range } from './range';

/** A range set: the container gets one address out of all its ranges, which are of one family. */
export class Pool {
  constructor(readonly ranges: Range[]) {}

  get family(): i32 {
    return this.ranges[0].family;
  }

  /** Null where no range has the address. */
  rangeOf(ip: Ip): Range | null {
    for (let i = 0; i < this.ranges.length; i++) if (this.ranges[i].contains(ip)) return this.ranges[i];
    return null;
  }

  overlaps(other: Pool): bool {
    for (let i = 0; i < this.ranges.length; i++) {
      for (let k = 0; k < other.ranges.length; k++) if (this.ranges[i].overlaps(other.ranges[k])) return true;
    }
    return false;
  }

  toString(): string {
    return this.ranges.map<string>((range) => range.toString()).join(',');
  }
}

/**
 * The range sets: those of the runtime, the single range in the form of old, those of `ranges`. Their order counts, since the index of a
 * set is the name of its cursor on disk. Fails where one is not usable, or two have an address in common.
 */
export function readPools(config: Configuration): Pool[] {
  const ipam = ipamSection(config);
  const sets: Configuration[][] = [];
  addSets(sets, config.object('runtimeConfig').list('ipRanges'));
  if (ipam.has('subnet')) sets.push([ipam]);
  addSets(sets, ipam.list('ranges'));
  const pools: Pool[] = [];
  for (let i = 0; i < sets.length; i++) pools.push(readPool(sets[i], `invalid range set ${i}: `));
  refuseOverlap(pools);
  return pools;
}

function addSets(sets: Configuration[][], lists: Configuration[]): void {
  for (let i = 0; i < lists.length; i++) sets.push(lists[i].items());
}

function readPool(set: Configuration[], where: string): Pool {
  ensure(set.length > 0, `${where}empty range set`);
  const ranges: Range[] = [];
  for (let i = 0; i < set.length; i++) {
    const range = Range.read(set[i], where);
    ensure(i === 0 || range.family === ranges[0].family, `${where}mixed address families`);
    ranges.push(range);
  }
  for (let i = 0; i < ranges.length; i++) {
    for (let k = i + 1; k < ranges.length; k++) {
      if (ranges[i].overlaps(ranges[k])) {
        fail(`${where}subnets ${ranges[i].toString()} and ${ranges[k].toString()} overlap`);
      }
    }
  }
  return new Pool(ranges);
}

function refuseOverlap(pools: Pool[]): void {
  for (let i = 0; i < pools.length; i++) {
    for (let k = i + 1; k < pools.length; k++) {
      ensure(!pools[i].overlaps(pools[k]), `range set ${i} overlaps with ${k}`);
    }
  }
}
