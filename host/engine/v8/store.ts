import {
  chmodSync,
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
import type { Transpiled } from './transpile.ts';

/** Changes whenever what is stored for a component changes its meaning. */
const format = 'v8-1';

/** Transpiled components on disk, one directory under the digest of each component. */
export class TranspiledStore {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = join(directory, format);
  }

  /** Keeps what was made of a component. Safe beside other processes: the directory appears by a rename. */
  keep(digest: string, transpiled: Transpiled): void {
    mkdirSync(this.directory, { recursive: true });
    const temporary = mkdtempSync(join(this.directory, '.new-'));
    try {
      writeFileSync(join(temporary, 'glue.js'), transpiled.glue);
      writeFileSync(join(temporary, 'glue.cache'), new Script(transpiled.glue).createCachedData());
      for (const [name, core] of transpiled.cores) writeFileSync(join(temporary, name), core);
      chmodSync(temporary, 0o755);
      publish(temporary, join(this.directory, digest));
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }

  /** What was made of the component with that digest, and V8's code cache for its glue; undefined where it was not prepared. */
  find(digest: string): (Transpiled & { readonly codeCache: Buffer }) | undefined {
    const directory = join(this.directory, digest);
    const names = listDirectory(directory);
    if (names === undefined) return undefined;
    const cores = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const name of names) {
      if (name.endsWith('.wasm')) cores.set(name, Uint8Array.from(readFileSync(join(directory, name))));
    }
    return {
      glue: readFileSync(join(directory, 'glue.js'), 'utf8'),
      codeCache: readFileSync(join(directory, 'glue.cache')),
      cores,
    };
  }
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
