import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of this project: its sources, its packages, and what was built of it. */
export const projectDirectory = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What `npm run build` makes. */
export const built = {
  host: join(projectDirectory, 'dist/host'),
  plugins: join(projectDirectory, 'dist/plugins'),
  transpiled: join(projectDirectory, 'dist/transpiled'),
  /** Made by `npm run build:native`, where there is cargo. */
  wasmtime: join(projectDirectory, 'dist/native/wasmtime.node'),
  shim: join(projectDirectory, 'dist/native/shim'),
} as const;

export function projectVersion(): string {
  const { version } = JSON.parse(readFileSync(join(projectDirectory, 'package.json'), 'utf8')) as { version: string };
  return version;
}
