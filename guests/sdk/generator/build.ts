import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { componentEmbed, componentNew } from '@bytecodealliance/jco';
import { concat, leb } from '../../../host/component/core-module.ts';
import { manifestSection } from '../../../host/trust/manifest.ts';
import { compileGuest } from './compile.ts';
import { generateBindings } from './generate.ts';
import { readManifest } from './manifest.ts';
import { renameExports } from './rename.ts';
import { embedOptions, resolveWorld } from './resolve.ts';

const sdk = dirname(dirname(fileURLToPath(import.meta.url)));
const project = dirname(dirname(sdk));

export interface GuestBuild {
  readonly component: Uint8Array;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
  readonly name: string;
}

export interface BuildOptions {
  /** The guest: `manifest.json`, `plugin.ts`, and what that imports; `wit/` with its world, where that is not one of the project's. */
  readonly directory: string;
}

/**
 * Builds a guest into a component: bindings of its world, AssemblyScript, canonical names, the component, its manifest. The same
 * sources give the same bytes. The bindings are also written to `generated/`, to look at. Throws GeneratorError.
 */
export async function buildGuest({ directory }: BuildOptions): Promise<GuestBuild> {
  const guest = resolve(directory);
  const wit = existsSync(join(guest, 'wit')) ? join(guest, 'wit') : join(project, 'wit');
  const manifest = readManifest(join(guest, 'manifest.json'));
  const source = { path: wit, world: manifest.world };
  const core = await compileWorld(guest, source, 'bulkhead-sdk/abi/abort');
  const bare = await componentNew(await componentEmbed({ binary: core, ...embedOptions(source) }));
  const { world: _, $schema: __, ...published } = manifest;
  const component = withSection(bare, manifestSection, JSON.stringify(published));
  return { component, digest: createHash('sha256').update(component).digest('hex'), name: manifest.name };
}

/** The core module of a guest, with the names that a component needs. */
export async function compileWorld(
  guest: string,
  source: { readonly path: string; readonly world: string },
  abort: string | undefined,
): Promise<Uint8Array> {
  const { world } = await resolveWorld(source);
  const bindings = generateBindings(world);
  writeGenerated(join(guest, 'generated'), bindings.modules);
  const core = await compileGuest({
    guest,
    sdk,
    modules: bindings.modules,
    entry: bindings.entry,
    options: compilerOptions(),
    abort,
  });
  return renameExports(core, new Map<string, string | undefined>([...bindings.renames, ['abort', undefined]]));
}

function compilerOptions(): Record<string, string | number | boolean> {
  const { options } = JSON.parse(readFileSync(join(project, 'asconfig.json'), 'utf8')) as {
    options: Record<string, string | number | boolean>;
  };
  return options;
}

/** Beside others that build the same guest: files are only touched where they differ. */
function writeGenerated(directory: string, modules: ReadonlyMap<string, string>): void {
  const wanted = new Map([...modules].map(([path, text]) => [`${path}.ts`, text]));
  for (const [name, text] of wanted) {
    const file = join(directory, name);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  for (const name of globSync('**/*.ts', { cwd: directory })) {
    if (!wanted.has(name)) rmSync(join(directory, name), { force: true });
  }
}

/** The component with a custom section at its end. */
function withSection(component: Uint8Array, name: string, contents: string): Uint8Array {
  const [label, body] = [new TextEncoder().encode(name), new TextEncoder().encode(contents)];
  const section = concat([leb(label.length), label, body]);
  return concat([component, [0], leb(section.length), section]);
}
