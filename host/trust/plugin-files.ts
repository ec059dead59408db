import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readWithoutLinks, UntrustedFile } from '../system/trusted-file.ts';
import { PluginError } from './plugin.ts';

/** No plugin is larger: read before anything of it is known. */
const largestPlugin = 8 * 1024 * 1024;
const largestBundle = 1024 * 1024;

/** `plugins.json`: which component in its directory serves which CNI type. */
export interface PluginIndex {
  readonly plugins: Readonly<Record<string, { readonly file: string; readonly digest: string }>>;
}

export const indexFile = 'plugins.json';

/** A component that wants to serve a CNI type. Nothing is known of it but its bytes, which were read once. */
export interface Candidate {
  readonly type: string;
  readonly path: string;
  readonly bytes: Uint8Array;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
  /** What the index of the release says of it; undefined where it was added to the release. */
  readonly pin: string | undefined;
}

/** The plugins of a node: those of the release, and those that an operator added, which come first. */
export class PluginFiles {
  readonly #release: string;
  readonly #added: string | undefined;

  constructor(release: string, added?: string) {
    this.#release = release;
    this.#added = added;
  }

  /** Throws PluginError where an index cannot be read. */
  get types(): readonly string[] {
    return [...new Set([...Object.keys(this.#pinned().plugins), ...Object.keys(this.#others().plugins)])];
  }

  /** Undefined where there is none of that type. Throws PluginError where it cannot be read. */
  read(type: string): Candidate | undefined {
    const added = ownEntry(this.#others(), type);
    if (added !== undefined) return candidate(type, join(this.#added ?? '', added.file), undefined);
    const pinned = ownEntry(this.#pinned(), type);
    return pinned && candidate(type, join(this.#release, pinned.file), pinned.digest);
  }

  /** Signatures that lie beside a component: `bridge.wasm.sigstore.json`, `bridge.wasm.ci.sigstore.json`. */
  bundles({ path }: Candidate): readonly string[] {
    return bundleFiles(path).map((file) => decode(read(file, largestBundle)));
  }

  /** Everything that a verdict about these plugins rests on: where one of the files changes, it has to be found again. */
  get sources(): readonly string[] {
    const directories = [this.#release, ...(this.#added === undefined ? [] : [this.#added])];
    return directories.flatMap((directory) => [directory, ...list(directory).map((name) => join(directory, name))]);
  }

  #pinned(): PluginIndex {
    return readIndex(join(this.#release, indexFile));
  }

  #others(): PluginIndex {
    const path = this.#added === undefined ? undefined : join(this.#added, indexFile);
    return path !== undefined && existsSync(path) ? readIndex(path) : { plugins: {} };
  }
}

/** SHA-256, lower-case hexadecimal. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Throws PluginError. */
export function candidate(type: string, path: string, pin: string | undefined): Candidate {
  const bytes = read(path, largestPlugin);
  return { type, path, bytes, digest: digestOf(bytes), pin };
}

export function bundleFiles(path: string): readonly string[] {
  const [directory, name] = [dirname(path), basename(path)];
  return list(directory)
    .filter((one) => one.startsWith(`${name}.`) && one.endsWith('.sigstore.json'))
    .map((one) => join(directory, one));
}

export function readIndex(path: string): PluginIndex {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PluginIndex;
  } catch (cause) {
    throw new PluginError(`cannot read the index of the plugins, ${path}: ${(cause as Error).message}`, { cause });
  }
}

function ownEntry({ plugins }: PluginIndex, type: string): PluginIndex['plugins'][string] | undefined {
  return Object.hasOwn(plugins, type) ? plugins[type] : undefined;
}

function read(path: string, most: number): Buffer {
  try {
    return readWithoutLinks(path, most);
  } catch (cause) {
    if (!(cause instanceof UntrustedFile)) throw cause;
    throw new PluginError(`cannot read plugin ${path}: ${cause.message}`, { cause });
  }
}

function list(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
