import { join } from 'node:path';
import { type OutputOptions, type Plugin, type RolldownOptions, rolldown } from 'rolldown';

/**
 * Bundles the host into the directory: Node does not run TypeScript below node_modules, and one file is read faster than a hundred.
 * What one call needs is `host.js`, by itself; `boot.cjs` is what its process starts with; `establish.cjs` is only loaded after something
 * that trust rests on has changed. The daemon and its threads share files.
 */
export async function bundleHost(project: string, directory: string): Promise<void> {
  const input = (file: string) => join(project, 'host', file);
  const commonJs = (file: string): OutputOptions => ({
    file: join(directory, file),
    format: 'cjs',
    dynamicImportInCjs: false,
  });
  await write({ input: input('cli/one-shot-main.ts'), treeshake: { moduleSideEffects: false } }, commonJs('boot.cjs'));
  await write({ input: input('trust/establish.ts') }, commonJs('establish.cjs'));
  await write(
    {
      input: input('cli/one-shot.ts'),
      plugins: [lazyBuiltins, establishApart],
      // There, modules are known by path.
      transform: { define: { 'import.meta.url': '__filename' } },
    },
    {
      ...commonJs('host.js'),
      charset: 'ascii',
      minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
      postBanner: '(function (require, exports, __filename, __dirname) { "use strict";',
      postFooter: '})',
    },
  );
  await write(
    { input: { daemon: input('cli/daemon-main.ts'), worker: input('cli/worker-main.ts') } },
    { dir: directory, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: 'host-[hash].mjs' },
  );
}

async function write(input: RolldownOptions, output: OutputOptions): Promise<void> {
  const bundle = await rolldown({ platform: 'node', logLevel: 'warn', ...input });
  try {
    await bundle.write(output);
  } finally {
    await bundle.close();
  }
}

/** Of Node's modules that most calls do without, the functions that are used: each loads its module when it is called. */
const rarelyUsed: Readonly<Record<string, readonly string[]>> = {
  'node:child_process': ['spawnSync'],
  'node:net': ['isIPv4', 'isIPv6'],
  'node:os': ['endianness'],
};

/** A function that is not in the list above fails the build: nothing exports it. */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  resolveId: (id) => (id in rarelyUsed ? `\0lazy ${id}` : null),
  load(id) {
    if (!id.startsWith('\0lazy ')) return null;
    const module = id.slice('\0lazy '.length);
    const lines = (rarelyUsed[module] ?? []).map(
      (name) => `export const ${name} = (...args) => process.getBuiltinModule('${module}').${name}(...args);`,
    );
    return lines.join('\n');
  },
};

/** YAML, zod and sigstore are a multiple of all else. */
const establishApart: Plugin = {
  name: 'establish-apart',
  resolveId: (id) => (id.endsWith('/trust/establish.ts') ? { id: './establish.cjs', external: true } : null),
};
