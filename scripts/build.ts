import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { built, projectDirectory } from '../host/cli/project.ts';
import { indexFile, type PluginIndex } from '../host/trust/plugin-files.ts';

/** Guests that are part of a release. The skeleton is for copying, and built by its test. */
const released = ['loopback', 'bridge', 'host-local', 'static'];

const stamps = join(projectDirectory, 'dist/stamps');
const started = performance.now();
mkdirSync(stamps, { recursive: true });
let did = await buildGuests();
did = (await bundle()) || did;
if (did) console.log(`bulkhead: built in ${((performance.now() - started) / 1000).toFixed(1)} s`);

/** Builds the guests whose sources, or whose tools, have changed, and prepares them for the engine. */
async function buildGuests(): Promise<boolean> {
  const tools = digest(['guests/sdk/**', 'wit/**', 'asconfig.json', 'package-lock.json']);
  const stale = released.filter(
    (name) => !isFresh(name, digest([`guests/${name}/**`], tools), join(built.plugins, `${name}.wasm`)),
  );
  if (stale.length > 0 || !existsSync(join(built.plugins, indexFile))) await makePlugins(stale, tools);
  const engine = digest(['host/engine/v8/**', 'host/component/**', 'host/trust/seal.ts'], digestOfFiles(built.plugins));
  if (isFresh('transpiled', engine, built.transpiled)) return stale.length > 0;
  console.log('bulkhead: transpiling the plugins for V8');
  const { prepareComponent } = await import('../host/engine/v8/prepare.ts');
  const { TranspiledStore } = await import('../host/engine/v8/store.ts');
  const { PluginFiles } = await import('../host/trust/plugin-files.ts');
  const { openToAll } = await import('../host/trust/seal.ts');
  rmSync(built.transpiled, { recursive: true, force: true });
  const store = new TranspiledStore(built.transpiled, openToAll);
  const plugins = new PluginFiles(built.plugins);
  for (const plugin of plugins.types.flatMap((type) => plugins.read(type) ?? [])) await prepareComponent(store, plugin);
  mark('transpiled', engine);
  return true;
}

async function makePlugins(stale: readonly string[], tools: string): Promise<void> {
  const { buildGuest } = await import('../guests/sdk/generator/build.ts');
  const { digestOf } = await import('../host/trust/plugin-files.ts');
  const { readManifest } = await import('../host/trust/trusted-plugins.ts');
  mkdirSync(built.plugins, { recursive: true });
  for (const name of stale) {
    console.log(`bulkhead: building guests/${name}`);
    const { component } = await buildGuest({ directory: join(projectDirectory, 'guests', name) });
    writeFileSync(join(built.plugins, `${name}.wasm`), component);
    mark(name, digest([`guests/${name}/**`], tools));
  }
  const index: { plugins: Record<string, { file: string; digest: string }> } = { plugins: {} };
  for (const name of released) {
    const file = `${name}.wasm`;
    const bytes = readFileSync(join(built.plugins, file));
    for (const type of readManifest({ bytes, path: file }).types)
      index.plugins[type] = { file, digest: digestOf(bytes) };
  }
  writeFileSync(join(built.plugins, indexFile), `${JSON.stringify(index satisfies PluginIndex, null, 2)}\n`);
}

async function bundle(): Promise<boolean> {
  const sources = digest(['host/**', 'native/wasmtime/*.ts', 'package-lock.json']);
  if (isFresh('host', sources, join(built.host, 'host.js'))) return false;
  console.log('bulkhead: bundling the host');
  const { bundleHost } = await import('../host/cli/install/bundle.ts');
  rmSync(built.host, { recursive: true, force: true });
  await bundleHost(projectDirectory, built.host);
  mark('host', sources);
  return true;
}

/** Over names and contents of the files, sorted, and whatever else it depends on. */
function digest(patterns: readonly string[], ...also: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(also));
  const isSource = (name: string) => !/(^|\/)(generated|node_modules|test)(\/|$)/.test(name);
  for (const name of globSync([...patterns], { cwd: projectDirectory }).sort()) {
    const path = join(projectDirectory, name);
    if (isSource(name) && statSync(path).isFile()) hash.update(`${name}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

function digestOfFiles(directory: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(directory).sort()) hash.update(name).update(readFileSync(join(directory, name)));
  return hash.digest('hex');
}

function isFresh(name: string, wanted: string, product: string): boolean {
  const stamp = join(stamps, name);
  return existsSync(product) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

function mark(name: string, value: string): void {
  writeFileSync(join(stamps, name), value);
}
