import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { customSection } from '../component/decode.ts';
import { type Manifest, manifestSection } from './manifest.ts';
import { type Plugin, PluginError, type PluginStore } from './plugin.ts';

const unbounded: Plugin['rights'] = {
  grants: { decide: () => ({ allowed: true }) },
  mode: 'enforce',
  limits: {},
  signers: ['release'],
};

/** No plugin is larger: read before anything of it is known. */
const largest = 8 * 1024 * 1024;

/** `plugins.json` of a release: which component serves which CNI type. */
export interface ReleaseIndex {
  readonly plugins: Readonly<Record<string, { readonly file: string; readonly digest: string }>>;
}

export const indexFile = 'plugins.json';

/**
 * The plugins of a release: a directory with components, and an index that pins the digest of each. The bytes that were
 * hashed are the bytes that run: they are read once.
 */
export class ReleasePlugins implements PluginStore {
  readonly #directory: string;
  #index: ReleaseIndex | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get types(): readonly string[] {
    return Object.keys(this.#release().plugins);
  }

  find(type: string): Plugin | undefined {
    const { plugins } = this.#release();
    const pinned = Object.hasOwn(plugins, type) ? plugins[type] : undefined;
    if (pinned === undefined) return undefined;
    const bytes = readOnce(join(this.#directory, pinned.file));
    const digest = digestOf(bytes);
    if (digest !== pinned.digest) {
      throw new PluginError(`plugin ${type}: ${pinned.file} has digest ${digest}, the release says ${pinned.digest}`);
    }
    return { type, bytes, digest, manifest: readManifest(bytes, pinned.file), rights: unbounded };
  }

  #release(): ReleaseIndex {
    this.#index ??= readIndex(join(this.#directory, indexFile));
    return this.#index;
  }
}

function readIndex(path: string): ReleaseIndex {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ReleaseIndex;
  } catch (cause) {
    throw new PluginError(`cannot read the index of the plugins, ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** SHA-256, lower-case hexadecimal. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The manifest inside a component. Throws PluginError where there is none, or the bytes cannot be read. */
export function readManifest(bytes: Uint8Array, name: string): Manifest {
  try {
    const section = customSection(bytes, manifestSection);
    if (section !== undefined) return JSON.parse(new TextDecoder().decode(section)) as Manifest;
  } catch (cause) {
    throw new PluginError(`${name} cannot be read: ${(cause as Error).message}`, { cause });
  }
  throw new PluginError(`${name} has no manifest`);
}

/** The whole of a regular file that is not behind a symbolic link. Throws PluginError. */
function readOnce(path: string): Uint8Array {
  const fd = open(path);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new PluginError(`${path} is not a regular file`);
    if (stat.size > largest)
      throw new PluginError(`${path} has ${stat.size} bytes, more than the ${largest} of a plugin`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw new PluginError(`cannot read plugin ${path}: ${(cause as Error).message}`, { cause });
  }
}
