import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { koffiFile } from '../../system/koffi.ts';
import { systemCall } from '../../system/libc.ts';
import { UsageError } from '../errors.ts';
import type { Layout } from '../layout.ts';
import { built } from '../project.ts';
import { warmDaemon, warmOneShot } from './warm.ts';

/**
 * Puts the release in its place: Node, the bundled host, plugins, and what was made of them. It is gathered aside and appears by a
 * exchange of names with one that was there before, which is taken away after that. Nothing in it refers to where it came from.
 */
export function placeRelease(layout: Layout): void {
  assertBuilt();
  const parent = dirname(layout.release);
  mkdirSync(parent, { recursive: true, mode: 0o755 });
  const fresh = mkdtempSync(join(parent, '.new-'));
  try {
    copyFileSync(realpathSync(process.execPath), join(fresh, 'node'), constants.COPYFILE_FICLONE);
    cpSync(built.host, fresh, { recursive: true });
    cpSync(built.plugins, join(fresh, 'plugins'), { recursive: true });
    copyFileSync(koffiFile(), join(fresh, 'koffi.node'));
    if (existsSync(built.wasmtime))
      copyFileSync(built.wasmtime, join(fresh, 'wasmtime.node'), constants.COPYFILE_FICLONE);
    makeReadable(fresh);
    warmOneShot(fresh);
    warmDaemon(fresh);
    makeReadable(fresh);
    replaceDirectory(fresh, layout.release);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function assertBuilt(): void {
  if (existsSync(join(built.host, 'host.js')) && existsSync(join(built.plugins, 'plugins.json'))) return;
  throw new UsageError('nothing is built yet: run `npm run build` first');
}

/** Whatever the umask: the release is read by every process that a runtime starts. */
function makeReadable(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) makeReadable(path);
    else if (entry.isFile()) chmodSync(path, entry.name === 'node' ? 0o755 : 0o644);
  }
}

/** linux/fs.h */
const RENAME_EXCHANGE = 2;
const AT_FDCWD = -100;

/** In one step where one was there before: a call always finds a release. */
function replaceDirectory(fresh: string, place: string): void {
  if (!existsSync(place)) {
    renameSync(fresh, place);
    return;
  }
  const zeroEnded = (path: string) => new TextEncoder().encode(`${path}\0`);
  systemCall('renameat2', AT_FDCWD, zeroEnded(fresh), AT_FDCWD, zeroEnded(place), RENAME_EXCHANGE);
}
