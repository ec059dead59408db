import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import type { Sealing } from '../sealing.ts';

/** Changes whenever what is stored for a component changes its meaning. wasmtime itself knows its versions. */
const format = 'wasmtime-1';
/** Hexadecimal digits before the code. */
const sealLength = 64;

/** Compiled components on disk: a file under the digest of each, its seal and then its machine code. */
export class CompiledStore {
  readonly directory: string;
  readonly #seal: Sealing;

  /** `seal` authenticates what is stored: it is run as it is. */
  constructor(directory: string, seal: Sealing) {
    this.directory = join(directory, format);
    this.#seal = seal;
  }

  /** Keeps the code of a component, in place of what is there. Safe beside other processes: the file appears by a rename. */
  keep(digest: string, code: Uint8Array): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o755 });
    const temporary = mkdtempSync(join(this.directory, '.new-'));
    try {
      const file = join(temporary, digest);
      const seal = Buffer.from(this.#seal.over([format, digest, code]));
      writeFileSync(file, Buffer.concat([seal, code]), { mode: 0o644 });
      renameSync(file, join(this.directory, digest));
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }

  /** The code of the component with that digest; undefined where it was not prepared. Throws EngineError where it was changed. */
  find(digest: string): Uint8Array | undefined {
    const path = join(this.directory, digest);
    const file = readOptional(path);
    if (file === undefined) return undefined;
    const code = file.subarray(sealLength);
    if (!this.#seal.matches(file.toString('latin1', 0, sealLength), [format, digest, code])) {
      const message = `what was made of component ${digest} at install is not what it was: ${path}`;
      throw new EngineError('invalid-component', message);
    }
    return code;
  }
}

function readOptional(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
