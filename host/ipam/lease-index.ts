import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IpAddress } from '../net/ip.ts';

/** What a lease file says, and the address that it is for. */
export interface IndexedLease {
  readonly contents: string;
  readonly address: IpAddress;
}

/**
 * Which addresses each owner holds, without reading every lease file. It lies outside the lease directory, whose every file the reference
 * reads, in 256 parts by owner, so that a call reads one of them.
 *
 * It is valid only while the directory has the modification time that was set when the index was written: one in the
 * past, chosen at random, which no later change of the directory by anybody can bring back (docs/rationale.md).
 */
export class LeaseIndex {
  readonly #leases: string;
  readonly #directory: string;
  /** Parts that were read, while the index was valid, or written. */
  readonly #parts = new Map<string, readonly IndexedLease[]>();
  #valid: boolean | undefined;

  constructor(leases: string, indexes: string) {
    this.#leases = leases;
    this.#directory = join(indexes, hash('sha256', leases).slice(0, 32));
  }

  /** The addresses of an owner; undefined where the index is not valid. */
  find(contents: string): readonly IpAddress[] | undefined {
    this.#valid ??= this.#isValid();
    const leases = this.#valid ? this.#read(contents) : undefined;
    return leases?.flatMap((one) => (one.contents === contents ? [one.address] : []));
  }

  /** Writes the index anew from all leases. */
  rebuild(all: readonly IndexedLease[]): void {
    orInvalid(() => this.#rebuild(all));
  }

  #rebuild(all: readonly IndexedLease[]): void {
    rmSync(this.#directory, { recursive: true, force: true });
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    this.#parts.clear();
    for (const [part, leases] of Map.groupBy(all, ({ contents }) => partOf(contents))) this.#write(part, leases);
    this.#seal();
  }

  /** Notes the leases that an owner has now, in an index that was valid before the directory was changed. */
  update(contents: string, addresses: readonly IpAddress[]): void {
    orInvalid(() => {
      const others = (this.#read(contents) ?? []).filter((one) => one.contents !== contents);
      this.#write(partOf(contents), [...others, ...addresses.map((address) => ({ contents, address }))]);
      this.#seal();
    });
  }

  #isValid(): boolean {
    try {
      return readFileSync(join(this.#directory, 'seal'), 'utf8') === this.#identity();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** Between a minute and a year ago, in microseconds: any real change of the directory is later. */
  #seal(): void {
    const past = Math.floor(Date.now() / 1000) - 60 - Math.floor(Math.random() * 31_536_000);
    const chosen = past + Math.floor(Math.random() * 1_000_000) / 1_000_000;
    utimesSync(this.#leases, chosen, chosen);
    writeFileSync(join(this.#directory, 'seal'), this.#identity(), { mode: 0o600 });
    this.#valid = true;
  }

  #identity(): string {
    const { dev, ino, mtimeNs } = statSync(this.#leases, { bigint: true });
    return `${dev} ${ino} ${mtimeNs}`;
  }

  /** Undefined where a writer was killed in the middle of the part. */
  #read(contents: string): readonly IndexedLease[] | undefined {
    const part = partOf(contents);
    const leases = this.#parts.get(part) ?? this.#readPart(part);
    if (leases !== undefined) this.#parts.set(part, leases);
    return leases;
  }

  #readPart(part: string): readonly IndexedLease[] | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#directory, part), 'utf8')) as IndexedLease[];
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /** In place: mostly the directory was changed before, so that the index is not valid until it is sealed again. */
  #write(part: string, leases: readonly IndexedLease[]): void {
    this.#valid = undefined;
    writeFileSync(join(this.#directory, part), JSON.stringify(leases), { mode: 0o600 });
    this.#parts.set(part, leases);
  }
}

/**
 * A disk that is full or read-only stops no call: an index that could not be written to its end has not the seal of the directory as it
 * is now, and the leases are read instead.
 */
function orInvalid(write: () => void): void {
  try {
    write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
  }
}

/** By container: what an owner has in the reference's older form, which names no interface, is in the same part. */
function partOf(contents: string): string {
  const [containerId = ''] = contents.split('\r\n', 1);
  return hash('sha256', containerId).slice(0, 2);
}
