import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { IpAddress } from '../net/ip.ts';
import { bootId } from '../system/boot.ts';
import { rewriteFile } from '../system/rewrite.ts';

/** What a lease file says, and the address that it is for. */
export interface IndexedLease {
  readonly contents: string;
  readonly address: IpAddress;
}

/** The directory as it is while an index of it is valid. */
export interface Seal {
  /** Of the boot that the index was made in: what was written to a disk before it need not have got there in that order. */
  readonly boot: string;
  /** Its modification time, seconds since the epoch. */
  readonly time: number;
  /** Device, inode, and that time in nanoseconds. */
  readonly identity: string;
}

/**
 * Which addresses each owner holds, without reading every lease file. It lies outside the lease directory, whose every file the reference
 * reads, in 256 parts by owner, so that a call reads one of them.
 *
 * It is valid only while the directory has the modification time that was set when the index was made: one in the past, chosen at random,
 * which no change of the directory by anybody else can bring back (docs/rationale.md). Who changes directory and index together sets it again.
 */
export class LeaseIndex {
  readonly #leases: string;
  readonly #directory: string;
  readonly #seals: Map<string, Seal>;
  /** Parts that were read, while the index was valid, or written. */
  readonly #parts = new Map<string, readonly IndexedLease[]>();
  #valid: boolean | undefined;

  /** `seals` are those that were seen, by directory: they save reading them again. */
  constructor(leases: string, indexes: string, seals: Map<string, Seal>) {
    this.#leases = leases;
    this.#directory = join(indexes, hash('sha256', leases).slice(0, 32));
    this.#seals = seals;
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
    this.#valid = false;
    this.#seals.delete(this.#leases);
    rmSync(this.#directory, { recursive: true, force: true });
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    this.#parts.clear();
    for (const [part, leases] of Map.groupBy(all, ({ contents }) => partOf(contents))) this.#write(part, leases);
    const time = pastTime();
    utimesSync(this.#leases, time, time);
    const seal = { boot: bootId(), time, identity: this.#identity() };
    rewriteFile(this.#sealFile, JSON.stringify(seal));
    this.#know(seal);
    this.#valid = true;
  }

  /**
   * Notes the leases that an owner has now, after the directory was changed. Where the index was not valid before, it stays so: somebody
   * else has changed the directory, too.
   */
  update(contents: string, addresses: readonly IpAddress[]): void {
    const seal = this.#valid === true ? this.#seals.get(this.#leases) : undefined;
    if (seal === undefined) return;
    orInvalid(() => {
      this.#valid = false;
      const others = (this.#read(contents) ?? []).filter((one) => one.contents !== contents);
      this.#write(partOf(contents), [...others, ...addresses.map((address) => ({ contents, address }))]);
      utimesSync(this.#leases, seal.time, seal.time);
      this.#valid = true;
    });
  }

  get #sealFile(): string {
    return join(this.#directory, 'seal');
  }

  #isValid(): boolean {
    const now = this.#identity();
    if (this.#seals.get(this.#leases)?.identity === now) return true;
    const seal = readJson<Seal>(this.#sealFile);
    if (seal?.identity !== now || seal.boot !== bootId()) return false;
    this.#know(seal);
    return true;
  }

  #know(seal: Seal): void {
    if (this.#seals.size >= mostSeals) this.#seals.clear();
    this.#seals.set(this.#leases, seal);
  }

  #identity(): string {
    const { dev, ino, mtimeNs } = statSync(this.#leases, { bigint: true });
    return `${dev} ${ino} ${mtimeNs}`;
  }

  /** Undefined where a writer was killed in the middle of the part, or somebody has removed the index. */
  #read(contents: string): readonly IndexedLease[] | undefined {
    const part = partOf(contents);
    const leases = this.#parts.get(part) ?? this.#readPart(part);
    if (leases !== undefined) this.#parts.set(part, leases);
    return leases;
  }

  #readPart(part: string): readonly IndexedLease[] | undefined {
    const path = join(this.#directory, part);
    const leases = readJson<IndexedLease[]>(path);
    if (leases !== undefined) return leases;
    return !existsSync(path) && existsSync(this.#sealFile) ? [] : undefined;
  }

  /** In place: the directory was changed before, so that the index is not valid until its time is set again. */
  #write(part: string, leases: readonly IndexedLease[]): void {
    rewriteFile(join(this.#directory, part), JSON.stringify(leases));
    this.#parts.set(part, leases);
  }
}

/** Directories whose seals a thread knows. */
const mostSeals = 256;

/** Between a minute and a year ago, in seconds: any real change of the directory is later. It keeps through a file's time, and JSON. */
function pastTime(): number {
  const seconds = Math.floor(Date.now() / 1000) - 60 - Math.floor(Math.random() * 31_536_000);
  return seconds + Math.floor(Math.random() * 2 ** 20) / 2 ** 20;
}

/** Undefined where there is no such file, or it was not written to its end. */
function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * A disk that is full or read-only stops no call: an index that could not be written to its end has not the directory's time as it
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
