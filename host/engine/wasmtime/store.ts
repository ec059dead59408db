import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComponentShape } from '../../component/shape.ts';
import { EngineError } from '../errors.ts';
import type { Sealing } from '../sealing.ts';
import { readShape, storeShape } from '../stored-shape.ts';

/** Changes whenever what is stored for a component changes its meaning. wasmtime itself knows its versions. */
const format = 'wasmtime-2';
/** Hexadecimal digits before all else. */
const sealLength = 64;
/** Of the length of the shape, little-endian, which comes next; then the shape, then the code. */
const lengthSize = 4;

/** What runs instead of a component. */
export interface Compiled {
  readonly shape: ComponentShape;
  /** Machine code, for wasmtime of one version and one kind of processor. */
  readonly code: Uint8Array;
}

/** Compiled components on disk: a file under the digest of each. */
export class CompiledStore {
  readonly directory: string;
  readonly #seal: Sealing;

  /** `seal` authenticates what is stored: it is run as it is. */
  constructor(directory: string, seal: Sealing) {
    this.directory = join(directory, format);
    this.#seal = seal;
  }

  /** Keeps what was made of a component, in place of what is there. Safe beside other processes: the file appears by a rename. */
  keep(digest: string, { shape, code }: Compiled): void {
    const stored = storeShape(shape);
    const length = Buffer.alloc(lengthSize);
    length.writeUInt32LE(stored.length);
    mkdirSync(this.directory, { recursive: true, mode: 0o755 });
    const temporary = mkdtempSync(join(this.directory, '.new-'));
    try {
      const file = join(temporary, digest);
      const seal = Buffer.from(this.#seal.over([format, digest, stored, code]));
      writeFileSync(file, Buffer.concat([seal, length, stored, code]), { mode: 0o644 });
      renameSync(file, join(this.directory, digest));
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }

  /** What was made of the component with that digest; undefined where it was not prepared. Throws EngineError where it was changed. */
  find(digest: string): Compiled | undefined {
    const path = join(this.directory, digest);
    const file = readOptional(path);
    if (file === undefined) return undefined;
    const start = sealLength + lengthSize;
    const end = start + (file.length < start ? 0 : file.readUInt32LE(sealLength));
    const [shape, code] = [file.subarray(start, end), file.subarray(end)];
    if (!this.#seal.matches(file.toString('latin1', 0, sealLength), [format, digest, shape, code])) {
      const message = `what was made of component ${digest} at install is not what it was: ${path}`;
      throw new EngineError('invalid-component', message);
    }
    return { shape: readShape(shape), code };
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
