import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
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
  const binDirectory = realDirectory(options.binDirectory);
  placeRelease(layout, version);
  const installed: InstalledBinaries = {
    version,
    binDirectory,
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

interface Uninstalled {
  readonly installed: InstalledBinaries;
  /** Types whose binaries of before are back. */
  readonly restored: readonly string[];
  /** Where records of attachments stay, since their containers may be running; undefined where there are none. */
  readonly records: string | undefined;
}

/** Takes an installation away. Throws UsageError where nothing is installed. */
export function uninstall(root: string): Uninstalled {
  const directory = resolve(root);
  const binaries = new ReplacedBinaries(directory);
  const installed = binaries.read();
  if (installed === undefined) throw new UsageError(`nothing is installed below ${directory}`);
  const restored = binaries.restore();
  const layout = layoutOf(directory, installed.version);
  // With the releases before this one, which running calls may have needed.
  rmSync(dirname(layout.release), { recursive: true, force: true });
  const recorded = existsSync(layout.records) && readdirSync(layout.records).length > 0;
  if (!recorded) rmSync(dirname(layout.records), { recursive: true, force: true });
  return { installed, restored, records: recorded ? layout.records : undefined };
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
