import { mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { formatIndented } from '../../cni/json/format.ts';
import { indexFile, type ReleaseIndex } from '../../trust/store.ts';
import { UsageError } from '../errors.ts';
import { layoutOf } from '../layout.ts';
import { built, projectVersion } from '../project.ts';
import { type InstalledBinaries, ReplacedBinaries } from './binaries.ts';
import { buildLauncher, type LauncherArchitecture } from './launcher.ts';
import { placeRelease } from './release.ts';

export interface InstallOptions {
  /** Where the runtime looks for plugins. */
  readonly binDirectory: string;
  /** Prefix of every file that Bulkhead owns. */
  readonly root: string;
}

/** Of the caller's environment: the call, and W3C trace context. */
const kept = ['CNI_', 'TRACEPARENT=', 'TRACESTATE=', 'BAGGAGE='];

/** Installs this version. Returns what stands where. Throws UsageError. */
export function install(options: InstallOptions): InstalledBinaries {
  const version = projectVersion();
  const root = realDirectory(options.root);
  const layout = layoutOf(root, version);
  const architecture = launcherArchitecture();
  placeRelease(layout, version);
  const installed: InstalledBinaries = {
    version,
    binDirectory: realDirectory(options.binDirectory),
    types: Object.keys(releaseIndex().plugins),
  };
  new ReplacedBinaries(root).place(installed, (type) =>
    buildLauncher({
      architecture,
      command: [layout.node, layout.main, root, version, type],
      keep: kept,
      failure: formatIndented({ code: 999, msg: `bulkhead: cannot execute ${layout.node}: is it installed?` }),
    }),
  );
  return installed;
}

/** Takes an installation away. Records of attachments stay: containers may be running. Throws UsageError where nothing is installed. */
export function uninstall(root: string): {
  readonly installed: InstalledBinaries;
  readonly restored: readonly string[];
} {
  const directory = resolve(root);
  const binaries = new ReplacedBinaries(directory);
  const installed = binaries.read();
  if (installed === undefined) throw new UsageError(`nothing is installed below ${directory}`);
  const restored = binaries.restore();
  // With the releases before this one, which running calls may have needed.
  rmSync(dirname(layoutOf(directory, installed.version).release), { recursive: true, force: true });
  return { installed, restored };
}

function releaseIndex(): ReleaseIndex {
  return JSON.parse(readFileSync(join(built.plugins, indexFile), 'utf8')) as ReleaseIndex;
}

function launcherArchitecture(): LauncherArchitecture {
  const { arch } = process;
  if (arch === 'x64' || arch === 'arm64') return arch;
  throw new UsageError(`there is no launcher for ${arch}, only for x64 and arm64`);
}

/** The real path of a directory, which is made where there is none: a symbolic link may lead elsewhere tomorrow. */
function realDirectory(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o755 });
  return realpathSync(path);
}
