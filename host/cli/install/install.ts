import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { formatIndented } from '../../cni/json/format.ts';
import { TranspiledStore } from '../../engine/v8/store.ts';
import { defaultPolicyFile } from '../../policy/read.ts';
import { policyJsonSchema } from '../../policy/schema.ts';
import { establishTrust } from '../../trust/establish.ts';
import { indexFile, type PluginIndex } from '../../trust/plugin-files.ts';
import { openSeal, openToAll, type Seal } from '../../trust/seal.ts';
import { writeTrustState } from '../../trust/trust-state.ts';
import { compileInstalled, transpiledStore } from '../engines.ts';
import { UsageError } from '../errors.ts';
import { type Layout, layoutOf } from '../layout.ts';
import { pluginFilesOf } from '../node.ts';
import { oneShotCommand } from '../one-shot-command.ts';
import { built, projectVersion } from '../project.ts';
import { type InstalledBinaries, ReplacedBinaries } from './binaries.ts';
import { buildLauncher, type LauncherArchitecture, launcherMark } from './launcher.ts';
import { placeRelease } from './release.ts';
import { configureShim } from './shim.ts';

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
  const binDirectory = realDirectory(options.binDirectory);
  placeRelease(layout);
  placeDaemonLauncher(layout);
  placePolicy(layout.policy);
  const seal = openSeal(layout.secret);
  sealTranspiled(layout, seal);
  compileAll(layout, seal);
  writeTrustState(layout.trust, seal, establishTrust(layout.policy, pluginFilesOf(layout)));
  const installed: InstalledBinaries = {
    version,
    binDirectory,
    types: pluginFilesOf(layout).types,
  };
  new ReplacedBinaries(root).place(installed, launcherFor(layout, version));
  return installed;
}

/** By a rename, so that there is always one. */
function placeDaemonLauncher({ daemonLauncher, node, daemonMain, root }: Layout): void {
  const image = buildLauncher({
    architecture: launcherArchitecture(),
    command: [node, daemonMain, root],
    keep: ['NOTIFY_SOCKET=', 'LISTEN_', 'OTEL_'],
    failure: `${launcherMark} ${node}: is it installed?\n`,
  });
  const fresh = `${daemonLauncher}.new`;
  writeFileSync(fresh, image);
  chmodSync(fresh, 0o755);
  renameSync(fresh, daemonLauncher);
}

interface Uninstalled {
  readonly installed: InstalledBinaries;
  /** Types whose binaries of before are back. */
  readonly restored: readonly string[];
  /** What stays, and what it is. */
  readonly left: readonly (readonly [path: string, what: string])[];
}

/** The policy that ships, where the operator has none; the schema for editors beside it, always. */
function placePolicy(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  if (!existsSync(path)) writeFileSync(path, readFileSync(defaultPolicyFile), { mode: 0o644 });
  writeFileSync(join(dirname(path), policySchemaFile), `${JSON.stringify(policyJsonSchema(), null, 2)}\n`, {
    mode: 0o644,
  });
}

const policySchemaFile = 'policy.schema.json';

/** What was made of the release's components when it was built, under this machine's seal. */
function sealTranspiled(layout: Layout, seal: Seal): void {
  const from = new TranspiledStore(built.transpiled, openToAll);
  const to = transpiledStore(layout, seal);
  for (const { digest } of Object.values(releaseIndex().plugins)) {
    const made = from.find(digest);
    if (made === undefined) throw new UsageError('the plugins are not transpiled: run `npm run build` first');
    to.replace(digest, made);
  }
}

function compileAll(layout: Layout, seal: Seal): void {
  const files = pluginFilesOf(layout);
  for (const type of files.types) {
    const source = files.read(type);
    if (source !== undefined) compileInstalled(layout, seal, source);
  }
}

/** What stands in the directory of binaries for a type: the shim where there was cargo to build it, else what only executes the host. */
export function launcherFor(layout: Layout, version: string): (type: string) => Uint8Array {
  const { node, socket } = layout;
  const failure = formatIndented({ code: 999, msg: `${launcherMark} ${node}: is it installed?` });
  const commandOf = (type: string) => oneShotCommand(layout, version, type);
  if (existsSync(built.shim)) {
    const shim = readFileSync(built.shim);
    return (type) => configureShim(shim, { type, socket, failure, command: commandOf(type) });
  }
  const architecture = launcherArchitecture();
  return (type) => buildLauncher({ architecture, command: commandOf(type), keep: kept, failure });
}

/** Takes an installation away. Throws UsageError where nothing is installed. */
export function uninstall(root: string): Uninstalled {
  const directory = resolve(root);
  const binaries = new ReplacedBinaries(directory);
  const installed = binaries.read();
  if (installed === undefined) throw new UsageError(`nothing is installed below ${directory}`);
  const restored = binaries.restore();
  const layout = layoutOf(directory, installed.version);
  const { policy, trust, transpiled, compiled, secret } = layout;
  for (const made of [trust, transpiled, compiled, secret, join(dirname(policy), policySchemaFile)])
    rmSync(made, { recursive: true, force: true });
  if (existsSync(policy) && readFileSync(policy).equals(readFileSync(defaultPolicyFile))) rmSync(policy);
  // With the releases before this one, which running calls may have needed.
  rmSync(dirname(layout.release), { recursive: true, force: true });
  if (!hasSomething(layout.records)) rmSync(dirname(layout.records), { recursive: true, force: true });
  return { installed, restored, left: mayStay(layout).filter(([path]) => hasSomething(path)) };
}

function mayStay({ records, policy, addedPlugins, audit }: Layout): Uninstalled['left'] {
  return [
    [records, 'records of attachments: containers may be running'],
    [policy, 'a policy of your own'],
    [addedPlugins, 'plugins that were added'],
    [audit, 'the log of calls'],
  ];
}

/** A file, or a directory that is not empty. */
function hasSomething(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !(stat.isDirectory() && readdirSync(path).length === 0);
}

function releaseIndex(): PluginIndex {
  return JSON.parse(readFileSync(join(built.plugins, indexFile), 'utf8')) as PluginIndex;
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
