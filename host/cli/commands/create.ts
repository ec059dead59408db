import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { projectDirectory } from '../project.ts';

const skeleton = join(projectDirectory, 'guests/skeleton');

/** Starts a plugin: copies the skeleton into a directory of its own, which builds and tests with one command each. Throws UsageError. */
export function createCommand(path: string): void {
  const directory = resolve(path);
  const name = basename(directory);
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new UsageError(
      `${name} is no name for a plugin: lower-case letters, digits and hyphens, beginning with a letter`,
    );
  }
  if (existsSync(directory)) throw new UsageError(`${directory} is there already`);
  copySources(directory, name);
  copyContracts(directory, name);
  linkTools(directory);
  console.log(`${directory} is a plugin that sets an MTU, until you make it yours. In it:

  npm run build     builds ${name}.wasm
  npm test          tests it on a kernel in memory

plugin.ts is the plugin, manifest.json says what it is, wit/world.wit what it may import.`);
}

function copySources(directory: string, name: string): void {
  mkdirSync(join(directory, 'test'), { recursive: true });
  cpSync(join(skeleton, 'plugin.ts'), join(directory, 'plugin.ts'));
  cpSync(join(skeleton, 'test/skeleton.test.ts'), join(directory, `test/${name}.test.ts`));
  const manifest = JSON.parse(readFileSync(join(skeleton, 'manifest.json'), 'utf8')) as object;
  const description = "Sets the MTU of the container's interface, after the plugin that made it";
  writeJson(join(directory, 'manifest.json'), { ...manifest, name, types: [name], description, world: name });
  writeJson(join(directory, 'package.json'), {
    name,
    private: true,
    type: 'module',
    scripts: { build: 'bulkhead build .', test: 'vitest run' },
  });
  writeFileSync(join(directory, '.gitignore'), 'generated/\nnode_modules/\n*.wasm\n');
}

/** The plugin has a world of its own, so that it can import more or less than the skeleton. */
function copyContracts(directory: string, name: string): void {
  cpSync(join(projectDirectory, 'wit/deps'), join(directory, 'wit/deps'), { recursive: true });
  const worlds = readFileSync(join(projectDirectory, 'wit/worlds.wit'), 'utf8');
  const world = /^world skeleton \{[\s\S]*?^\}/m.exec(worlds)?.[0];
  if (world === undefined) throw new Error('wit/worlds.wit has no world skeleton');
  const text = `package local:${name}@0.1.0;\n\n/// What the plugin imports is what it can do.\n${world.replace('skeleton', name)}\n`;
  writeFileSync(join(directory, 'wit/world.wit'), text);
}

/** The tools are this installation's: nothing has to be downloaded. */
function linkTools(directory: string): void {
  const bin = join(directory, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(projectDirectory, join(directory, 'node_modules/bulkhead'));
  symlinkSync(join(projectDirectory, 'bin/bulkhead'), join(bin, 'bulkhead'));
  for (const [tool, target] of [
    ['node', '.bin/node'],
    ['vitest', '.bin/vitest'],
  ] as const) {
    symlinkSync(join(projectDirectory, 'node_modules', target), join(bin, tool));
  }
  symlinkSync(join(projectDirectory, 'node_modules/vitest'), join(directory, 'node_modules/vitest'));
}

function writeJson(path: string, value: object): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
