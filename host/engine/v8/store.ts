import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { EngineError } from '../errors.ts';
import type { Sealing } from '../sealing.ts';
import type { Transpiled } from './transpile.ts';

/** Changes whenever what is stored for a component changes its meaning. */
const format = 'v8-2';

/** Transpiled components on disk, one directory under the digest of each component. */
export class TranspiledStore {
  readonly directory: string;
  readonly #seal: Sealing;

  /** `seal` authenticates what is stored: it is code. */
  constructor(directory: string, seal: Sealing) {
    this.directory = join(directory, format);
    this.#seal = seal;
  }

  /** Keeps what was made of a component. Safe beside other processes: the directory appears by a rename. */
  keep(digest: string, transpiled: Transpiled): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o755 });
    const temporary = mkdtempSync(join(this.directory, '.new-'));
    try {
      const codeCache = new Script(transpiled.glue).createCachedData();
      const write = (name: string, contents: string | Uint8Array) =>
        writeFileSync(join(temporary, name), contents, { mode: 0o644 });
      write('glue.js', transpiled.glue);
      write('glue.cache', codeCache);
      write('seal', this.#seal.over(partsOf(digest, { ...transpiled, codeCache })));
      for (const [name, core] of transpiled.cores) write(name, core);
      chmodSync(temporary, 0o755);
      publish(temporary, join(this.directory, digest));
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }

  /** The same where there is something under that digest already, which may be under another seal, or broken. */
  replace(digest: string, transpiled: Transpiled): void {
    rmSync(join(this.directory, digest), { recursive: true, force: true });
    this.keep(digest, transpiled);
  }

  /** What was made of the component with that digest, and V8's code cache for its glue; undefined where it was not prepared. Throws EngineError where it was changed. */
  find(digest: string): Stored | undefined {
    const directory = join(this.directory, digest);
    const names = listDirectory(directory);
    if (names === undefined) return undefined;
    const cores = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const name of names) {
      if (name.endsWith('.wasm')) cores.set(name, Uint8Array.from(readFileSync(join(directory, name))));
    }
    const found = { glue: readText(directory, 'glue.js'), codeCache: readBytes(directory, 'glue.cache'), cores };
    if (!this.#seal.matches(readText(directory, 'seal'), partsOf(digest, found))) {
      throw new EngineError(
        'invalid-component',
        `what was made of component ${digest} at install is not what it was: ${directory}`,
      );
    }
    return found;
  }
}

type Stored = Transpiled & { readonly codeCache: Buffer };

/** Everything that runs, with its names, in one order. */
function partsOf(digest: string, { glue, codeCache, cores }: Stored): readonly (string | Uint8Array)[] {
  const sorted = [...cores].sort(([a], [b]) => (a < b ? -1 : 1));
  return [format, digest, glue, codeCache, ...sorted.flat()];
}

/** Empty where the file is missing: then nothing matches. */
function readBytes(directory: string, name: string): Buffer {
  const path = join(directory, name);
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

function readText(directory: string, name: string): string {
  return readBytes(directory, name).toString('utf8');
}

function publish(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // Another process was first, with the same contents.
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

function listDirectory(path: string): string[] | undefined {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
