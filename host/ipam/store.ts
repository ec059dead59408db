import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { IpAddress } from '../net/ip.ts';
import type { LeaseRange, LeaseRequest, Reservation } from '../operations/operation.ts';
import { bootTime } from '../system/boot.ts';
import type { Deadline } from '../system/deadline.ts';
import { LockTimeout } from '../system/flock.ts';
import { Recent } from '../system/recent.ts';
import { LeaseError } from './error.ts';
import { contentsFor, LeaseFiles, type LeaseOwner } from './lease-files.ts';
import { type IndexedLease, LeaseIndex, type Seal } from './lease-index.ts';
import type { Leases } from './leases.ts';
import { candidates, rangeContains } from './pool.ts';

/** After so many taken addresses in a row, the directory is listed once instead of asking for each. */
const impatience = 64;

/** Whose locks stay open. */
const mostDirectories = 64;

/** All leases of the node. */
export class LeaseStore {
  readonly #indexes: string;
  readonly #seals = new Map<string, Seal>();
  readonly #files = new Recent(mostDirectories, (directory: string) => new LeaseFiles(directory));

  /** `indexes` is a directory of our own, outside all lease directories. */
  constructor(indexes: string) {
    this.#indexes = indexes;
  }

  /** The directory of a network below `dataDir`, as the reference has it. */
  directory(dataDir: string, network: string): string {
    return join(dataDir, network);
  }

  /**
   * Gives back the leases of a directory whose owners are not among these: an attachment, or a container where a lease in the reference's
   * older form names no more. Throws LeaseError, LockTimeout.
   */
  collect(
    directory: string,
    isValid: (containerId: string, interfaceName?: string) => boolean,
    deadline: Deadline,
  ): void {
    if (!canHaveLeases(directory)) return;
    orLeaseError(`collect leases in ${directory}`, () => {
      const files = this.#files.get(directory);
      files.locked(deadline, () => {
        const stale = files.addresses().filter((address) => {
          const [containerId = '', interfaceName] = (files.contents(address) ?? '').split('\r\n');
          return containerId !== '' && !isValid(containerId, interfaceName);
        });
        // The index is of before: the directory has another time from now on.
        for (const address of stale) files.remove(address);
      });
    });
  }

  /** Locks stay open between calls. */
  close(): void {
    this.#files.close();
  }

  /** Leases of one attachment. Waiting for the lock of a directory ends at the deadline. */
  of(owner: LeaseOwner, deadline: () => Deadline): Leases {
    const within = <T>(directory: string, attempt: string, body: (book: LeaseBook) => T): T =>
      orLeaseError(`${attempt} in ${directory}`, () => {
        const files = this.#files.get(directory);
        const book = new LeaseBook(files, new LeaseIndex(directory, this.#indexes, this.#seals), owner);
        return files.locked(deadline(), () => body(book));
      });
    return {
      reserve: (request) => within(request.directory, 'reserve an address', (book) => book.reserve(request)),
      held: (directory) => within(directory, 'look for leases', (book) => book.held()),
      release(directory) {
        if (canHaveLeases(directory)) within(directory, 'release leases', (book) => book.release());
      },
      hasFree: (directory, ranges) =>
        !canHaveLeases(directory) || within(directory, 'look for a free address', (book) => book.hasFree(ranges)),
    };
  }
}

/** One owner's view of one directory, while its lock is held. */
class LeaseBook {
  readonly #files: LeaseFiles;
  readonly #index: LeaseIndex;
  readonly #owner: LeaseOwner;

  constructor(files: LeaseFiles, index: LeaseIndex, owner: LeaseOwner) {
    this.#files = files;
    this.#index = index;
    this.#owner = owner;
  }

  reserve({ pool, ranges, address }: LeaseRequest): Reservation {
    const { own, legacy } = this.#look();
    const held = own.length > 0 ? own : legacy;
    if (address !== undefined) {
      if (held.includes(address)) return { kind: 'held', address };
      if (this.#take(address, pool, own)) return { kind: 'leased', address };
      if (this.#abandoned([{ first: address, last: address, excluded: [] }]).length === 0) return { kind: 'taken' };
      this.#takeOver(address, pool, own);
      return { kind: 'leased', address };
    }
    const already = held.find((one) => ranges.some((range) => rangeContains(range, one)));
    if (already !== undefined) return { kind: 'held', address: already };
    for (const one of this.#untried(ranges, pool)) {
      if (this.#take(one, pool, own)) return { kind: 'leased', address: one };
    }
    const [abandoned] = this.#abandoned(ranges);
    if (abandoned === undefined) return { kind: 'exhausted' };
    this.#takeOver(abandoned, pool, own);
    return { kind: 'leased', address: abandoned };
  }

  /** All leases of the owner; where it has none under its name, those of the reference's older form, which has the container only. */
  held(): readonly IpAddress[] {
    const { own, legacy } = this.#look();
    return own.length > 0 ? own : legacy;
  }

  release(): void {
    const { own, legacy } = this.#look();
    const [held, mine] = own.length > 0 ? [own, contentsFor(this.#owner)] : [legacy, this.#owner.containerId];
    if (held.length === 0) return;
    for (const address of held) {
      // Whatever the index says: what is in the file decides.
      if (this.#files.contents(address) === mine) this.#files.remove(address);
    }
    this.#index.update(mine, []);
  }

  hasFree(ranges: readonly LeaseRange[]): boolean {
    const taken = new Set(this.#files.addresses());
    for (const one of candidates(ranges, undefined)) if (!taken.has(one)) return true;
    return this.#abandoned(ranges).length > 0;
  }

  /** Leases of an earlier boot: no container outlives one. They are spared as long as there are others, for one that is started again. */
  #abandoned(ranges: readonly LeaseRange[]): readonly IpAddress[] {
    const isUsable = (one: IpAddress) =>
      ranges.some((range) => rangeContains(range, one) && !range.excluded.includes(one));
    return this.#files.olderThan(bootTime()).filter(isUsable);
  }

  #look(): { readonly own: readonly IpAddress[]; readonly legacy: readonly IpAddress[] } {
    const [own, legacy] = [this.#index.find(contentsFor(this.#owner)), this.#index.find(this.#owner.containerId)];
    if (own !== undefined && legacy !== undefined) return { own, legacy };
    const all = this.#scan();
    const of = (contents: string) => all.filter((one) => one.contents === contents).map((one) => one.address);
    return { own: of(contentsFor(this.#owner)), legacy: of(this.#owner.containerId) };
  }

  #take(address: IpAddress, pool: number, own: readonly IpAddress[]): boolean {
    if (!this.#files.create(address, this.#owner)) return false;
    this.#files.moveCursor(pool, address);
    this.#index.update(contentsFor(this.#owner), [...own, address]);
    return true;
  }

  #takeOver(abandoned: IpAddress, pool: number, own: readonly IpAddress[]): void {
    this.#files.remove(abandoned);
    this.#take(abandoned, pool, own);
    // The index still has it for the owner of before.
    this.#scan();
  }

  *#untried(ranges: readonly LeaseRange[], pool: number): Generator<IpAddress> {
    let tried = 0;
    let taken: ReadonlySet<IpAddress> | undefined;
    for (const one of candidates(ranges, this.#files.cursor(pool))) {
      if (++tried > impatience) taken ??= this.#taken();
      if (taken?.has(one) !== true) yield one;
    }
  }

  /** Addresses that somebody has; empty files are nobody's. */
  #taken(): ReadonlySet<IpAddress> {
    return new Set(this.#scan().flatMap((one) => (one.contents === '' ? [] : [one.address])));
  }

  /** Reads every lease, and writes the index from them. */
  #scan(): readonly IndexedLease[] {
    const all = this.#files.addresses().flatMap((address) => {
      const contents = this.#files.contents(address);
      return contents === undefined ? [] : [{ contents, address }];
    });
    this.#index.rebuild(all);
    return all;
  }
}

/** Where no directory can be made an ADD fails, and its DEL has nothing to look for. */
function canHaveLeases(directory: string): boolean {
  try {
    return statSync(directory).isDirectory();
  } catch (error) {
    return !nowhere.includes((error as NodeJS.ErrnoException).code ?? '');
  }
}

const nowhere: readonly string[] = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ERR_INVALID_ARG_VALUE'];

function orLeaseError<T>(attempt: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof LockTimeout || error instanceof LeaseError) throw error;
    throw new LeaseError(attempt, error);
  }
}
