import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../errors.ts';
import { launcherMark } from './launcher.ts';

/** What stands in a directory of CNI binaries because of an install. */
export interface InstalledBinaries {
  readonly version: string;
  readonly binDirectory: string;
  readonly types: readonly string[];
}

/** Plugin binaries that were there before, kept below the root of the installation. */
export class ReplacedBinaries {
  readonly #kept: string;
  readonly #state: string;

  constructor(root: string) {
    this.#kept = join(root, 'usr/lib/bulkhead/replaced');
    this.#state = join(root, 'usr/lib/bulkhead/installed.json');
  }

  /** What is installed; undefined where nothing is. */
  read(): InstalledBinaries | undefined {
    if (!existsSync(this.#state)) return undefined;
    return JSON.parse(readFileSync(this.#state, 'utf8')) as InstalledBinaries;
  }

  /**
   * Puts the executables in place, each by a rename, so that one that is running stays what it is. What stands there and is not our own
   * is kept: somebody may have put a newer one there since an earlier install. All are kept, and the installation is on file, before the
   * first is replaced, so that one that was cut short can be done again and taken away. Throws UsageError where an installation
   * in another directory has to be taken away first, and where a directory is in the way.
   */
  place(installed: InstalledBinaries, launcher: (type: string) => Uint8Array): void {
    const before = this.read();
    if (before !== undefined && before.binDirectory !== installed.binDirectory) {
      throw new UsageError(`already installed into ${before.binDirectory}: uninstall that first`);
    }
    mkdirSync(installed.binDirectory, { recursive: true, mode: 0o755 });
    mkdirSync(this.#kept, { recursive: true, mode: 0o755 });
    for (const type of installed.types) {
      const path = join(installed.binDirectory, type);
      const kept = join(this.#kept, type);
      if (exists(path) && !isOurs(path)) moveFile(path, kept, 'keep');
    }
    writeFileSync(this.#state, `${JSON.stringify(installed, null, 2)}\n`);
    chmodSync(this.#state, 0o644);
    for (const type of installed.types) {
      const path = join(installed.binDirectory, type);
      writeFileSync(`${path}.bulkhead-new`, launcher(type));
      chmodSync(`${path}.bulkhead-new`, 0o755);
      renameSync(`${path}.bulkhead-new`, path);
    }
  }

  /**
   * Takes our executables away and puts back those that were there before. What somebody has put there since stays. Returns the types
   * that were put back. One that was cut short can be done again.
   */
  restore(): readonly string[] {
    const installed = this.read();
    if (installed === undefined) return [];
    const kept = existsSync(this.#kept) ? readdirSync(this.#kept) : [];
    const types = new Set([...installed.types, ...kept.filter((name) => !name.endsWith('.bulkhead-new'))]);
    const restored = [...types].filter((type) => this.#restore(type, join(installed.binDirectory, type)));
    rmSync(this.#kept, { recursive: true, force: true });
    rmSync(this.#state);
    return restored;
  }

  #restore(type: string, path: string): boolean {
    const kept = join(this.#kept, type);
    if (exists(path) && !isOurs(path)) return false;
    if (!exists(kept)) {
      rmSync(path, { force: true });
      return false;
    }
    moveFile(kept, path, 'move');
    return true;
  }
}

/** More than any launcher has. */
const largestLauncher = 64 * 1024;

/** Whether an executable is a launcher of ours: what it says where it cannot execute the host is in it. */
function isOurs(path: string): boolean {
  const stat = lstatSync(path);
  return stat.isFile() && stat.size <= largestLauncher && readFileSync(path).includes(launcherMark);
}

/** Across file systems as well, with mode, a symbolic link as one; by a rename at the end. */
function moveFile(from: string, to: string, source: 'keep' | 'move'): void {
  mkdirSync(dirname(to), { recursive: true });
  const stat = lstatSync(from);
  if (stat.isDirectory()) throw new UsageError(`${from} is a directory: it is in the way`);
  rmSync(`${to}.bulkhead-new`, { force: true });
  // cpSync fails for a link that leads nowhere.
  if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from), `${to}.bulkhead-new`);
  else cpSync(from, `${to}.bulkhead-new`, { preserveTimestamps: true });
  renameSync(`${to}.bulkhead-new`, to);
  if (source === 'move') rmSync(from);
}

/** Whatever it is: a symbolic link that leads nowhere too. */
function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
