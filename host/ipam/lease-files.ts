import {
  constants,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type IpAddress, parseIp } from '../net/ip.ts';
import type { Deadline } from '../system/deadline.ts';
import { LockFile } from '../system/flock.ts';
import { rewriteFile } from '../system/rewrite.ts';

/** Whose a lease is. */
export interface LeaseOwner {
  readonly containerId: string;
  readonly interfaceName: string;
}

/** Written under the lock alone, so one name is enough; whatever a crash left under it is removed. */
const unfinished = '.bulkhead-new';

/**
 * The files of one network's leases, byte for byte those of the reference host-local plugin (containernetworking/plugins
 * plugins/ipam/host-local/backend/disk): a file per address with its owner, the cursor of each range set, and the lock that
 * both implementations take. A lease appears whole or not at all: it is written aside and then linked.
 */
export class LeaseFiles {
  readonly directory: string;
  readonly #lock: LockFile;

  constructor(directory: string) {
    this.directory = directory;
    const options = { flags: constants.O_RDONLY, mode: 0o750, directoryMode: 0o755 };
    this.#lock = new LockFile(join(directory, 'lock'), options);
  }

  /** Runs the body with the lock of the directory, which is made where there is none. Throws LockTimeout. */
  locked<T>(deadline: Deadline, body: () => T): T {
    using _lock = this.#lock.lock(deadline);
    return body();
  }

  /** The lock's file stays open in between. */
  close(): void {
    this.#lock.close();
  }

  /** Addresses that have a file. */
  addresses(): IpAddress[] {
    return readdirSync(this.directory).flatMap((name) => {
      const address = parseIp(name);
      return address === name ? [address] : [];
    });
  }

  /** What is in an address's file, without white space around it; undefined where there is no file. */
  contents(address: IpAddress): string | undefined {
    try {
      return readFileSync(join(this.directory, address), 'utf8').trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * Makes the file of an address. Returns false where it is taken. Under the lock, an empty file is what a crash of the
   * reference left between making and writing it: nobody's, and given out.
   */
  create(address: IpAddress, owner: LeaseOwner): boolean {
    this.#write(contentsFor(owner));
    const path = join(this.directory, address);
    try {
      if (this.#linkNew(path)) return true;
      if (this.contents(address) !== '') return false;
      renameSync(join(this.directory, unfinished), path);
      return true;
    } finally {
      removeFile(join(this.directory, unfinished));
    }
  }

  /** Addresses whose files were written before that time, in milliseconds since the epoch. */
  olderThan(time: number): IpAddress[] {
    return this.addresses().filter((address) => statSync(join(this.directory, address)).mtimeMs < time);
  }

  remove(address: IpAddress): void {
    removeFile(join(this.directory, address));
  }

  /** The address that a range set gave out last; undefined where that is not known. */
  cursor(pool: number): IpAddress | undefined {
    try {
      return parseIp(readFileSync(this.#cursorPath(pool), 'utf8').trim());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** In place, as the reference does it. */
  moveCursor(pool: number, address: IpAddress): void {
    rewriteFile(this.#cursorPath(pool), address);
  }

  #cursorPath(pool: number): string {
    return join(this.directory, `last_reserved_ip.${pool}`);
  }

  /** Anew: what is there may be a lease by now, of a crash between linking and removing. */
  #write(text: string): void {
    const path = join(this.directory, unfinished);
    const write = () => writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    try {
      write();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      removeFile(path);
      write();
    }
  }

  #linkNew(path: string): boolean {
    try {
      linkSync(join(this.directory, unfinished), path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }
}

/** Unlike rmSync, says what the system says. */
function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** As the reference writes it. */
export function contentsFor({ containerId, interfaceName }: LeaseOwner): string {
  return `${containerId}\r\n${interfaceName}`;
}
