import { join } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Bundles the host into `main.mjs` and what that loads, in the directory: Node does not run TypeScript below node_modules,
 * and one file is read faster than a hundred.
 */
export async function bundleHost(project: string, directory: string): Promise<void> {
  const bundle = await rolldown({
    input: {
      main: join(project, 'host/cli/one-shot-main.ts'),
      daemon: join(project, 'host/cli/daemon-main.ts'),
      worker: join(project, 'host/cli/worker-main.ts'),
    },
    platform: 'node',
    logLevel: 'warn',
  });
  try {
    await bundle.write({
      dir: directory,
      format: 'esm',
      entryFileNames: '[name].mjs',
      chunkFileNames: 'host-[hash].mjs',
    });
  } finally {
    await bundle.close();
  }
}
