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
import type { ComponentShape } from '../../component/shape.ts';
import { EngineError } from '../errors.ts';
import type { Sealing } from '../sealing.ts';
import { readShape, storeShape } from '../stored-shape.ts';
import type { Transpiled } from './transpile.ts';

/** Changes whenever what is stored for a component changes its meaning. */
const format = 'v8-3';

/** What runs instead of a component. */
export interface Prepared extends Transpiled {
  readonly shape: ComponentShape;
}

/** The same as it was found, with V8's code cache for the glue. */
export interface Found extends Prepared {
  readonly codeCache: Buffer;
}

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
  keep(digest: string, { shape, glue, cores }: Prepared): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o755 });
    const temporary = mkdtempSync(join(this.directory, '.new-'));
    try {
      const files: Files = { glue, cores, shape: storeShape(shape), codeCache: new Script(glue).createCachedData() };
      const write = (name: string, contents: string | Uint8Array) =>
        writeFileSync(join(temporary, name), contents, { mode: 0o644 });
      write('glue.js', glue);
      write('glue.cache', files.codeCache);
      write('shape', files.shape);
      write('seal', this.#seal.over(partsOf(digest, files)));
      for (const [name, core] of cores) write(name, core);
      chmodSync(temporary, 0o755);
      publish(temporary, join(this.directory, digest));
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }

  /** The same where there is something under that digest already, which may be under another seal, or broken. */
  replace(digest: string, prepared: Prepared): void {
    rmSync(join(this.directory, digest), { recursive: true, force: true });
    this.keep(digest, prepared);
  }

  /** What was made of the component with that digest; undefined where it was not prepared. Throws EngineError where it was changed. */
  find(digest: string): Found | undefined {
    const directory = join(this.directory, digest);
    const names = listDirectory(directory);
    if (names === undefined) return undefined;
    const cores = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const name of names) {
      if (name.endsWith('.wasm')) cores.set(name, Uint8Array.from(readFileSync(join(directory, name))));
    }
    const codeCache = readBytes(directory, 'glue.cache');
    const files: Files = {
      glue: readText(directory, 'glue.js'),
      codeCache,
      cores,
      shape: readBytes(directory, 'shape'),
    };
    if (!this.#seal.matches(readText(directory, 'seal'), partsOf(digest, files))) {
      throw new EngineError(
        'invalid-component',
        `what was made of component ${digest} at install is not what it was: ${directory}`,
      );
    }
    return { ...files, codeCache, shape: readShape(files.shape) };
  }
}

interface Files extends Transpiled {
  readonly codeCache: Uint8Array;
  readonly shape: Uint8Array;
}

/** Everything that runs, with its names, in one order. */
function partsOf(digest: string, { glue, codeCache, shape, cores }: Files): readonly (string | Uint8Array)[] {
  const sorted = [...cores].sort(([a], [b]) => (a < b ? -1 : 1));
  return [format, digest, glue, codeCache, shape, ...sorted.flat()];
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
