import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

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
   * Puts the executables in place, each by a rename, so that one that is running stays what it is. Those that were there
   * before are kept, once: our own of an earlier install are not.
   */
  place(installed: InstalledBinaries, launcher: (type: string) => Uint8Array): void {
    const before = this.read();
    mkdirSync(installed.binDirectory, { recursive: true, mode: 0o755 });
    mkdirSync(this.#kept, { recursive: true, mode: 0o755 });
    for (const type of installed.types) {
      const path = join(installed.binDirectory, type);
      const ours = before?.binDirectory === installed.binDirectory && before.types.includes(type);
      if (!ours && isFile(path)) moveFile(path, join(this.#kept, type), 'keep');
      writeFileSync(`${path}.bulkhead-new`, launcher(type), { mode: 0o755 });
      renameSync(`${path}.bulkhead-new`, path);
    }
    writeFileSync(this.#state, `${JSON.stringify(installed, null, 2)}\n`);
  }

  /** Takes our executables away and puts back those that were there before. Returns the types that were put back. */
  restore(): readonly string[] {
    const installed = this.read();
    if (installed === undefined) return [];
    const restored = installed.types.filter((type) => {
      const path = join(installed.binDirectory, type);
      const kept = join(this.#kept, type);
      if (!existsSync(kept)) {
        rmSync(path, { force: true });
        return false;
      }
      moveFile(kept, path, 'move');
      return true;
    });
    rmSync(this.#kept, { recursive: true, force: true });
    rmSync(this.#state);
    return restored;
  }
}

/** Across file systems as well, with mode, a symbolic link as one; by a rename at the end. */
function moveFile(from: string, to: string, source: 'keep' | 'move'): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, `${to}.bulkhead-new`, { verbatimSymlinks: true, preserveTimestamps: true });
  renameSync(`${to}.bulkhead-new`, to);
  if (source === 'move') rmSync(from);
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
