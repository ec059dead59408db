import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { escapeControls } from '../../calls/log.ts';
import { prepareComponent } from '../../engine/v8/prepare.ts';
import { checkedManifest } from '../../trust/checked-manifest.ts';
import { establishTrust, judgingPolicy } from '../../trust/establish.ts';
import { judge } from '../../trust/judge.ts';
import {
  bundleFiles,
  type Candidate,
  candidate,
  indexFile,
  PluginFiles,
  type PluginIndex,
  readIndex,
} from '../../trust/plugin-files.ts';
import { openSeal } from '../../trust/seal.ts';
import { writeTrustState } from '../../trust/trust-state.ts';
import { compileInstalled, transpiledStore } from '../engines.ts';
import { UsageError } from '../errors.ts';
import { ReplacedBinaries } from '../install/binaries.ts';
import { launcherFor } from '../install/install.ts';
import { requireInstalled } from '../installed.ts';
import type { Layout } from '../layout.ts';
import { pluginFilesOf } from '../node.ts';
import { columns, paint } from '../terminal.ts';

interface RootOption {
  readonly root: string;
}

/** Adds a component, with the signatures beside it, to the node: judged first, then copied, prepared, and given its executables. */
export async function addCommand(file: string, { root }: RootOption): Promise<void> {
  const { installed, layout } = requireInstalled(root);
  const source = candidate('', resolve(file), undefined);
  const { name, types } = checkedManifest(source);
  const bundles = new PluginFiles(layout.plugins).bundles(source);
  const judging = judgingPolicy(layout.policy);
  const problems = types.flatMap((type) => judge({ ...source, type }, bundles, judging).problems);
  if (problems.length > 0) throw new UsageError([...new Set(problems)].join('\n          '));
  const seal = openSeal(layout.secret);
  await prepareComponent(transpiledStore(layout, seal), source);
  compileInstalled(layout, seal, source);
  place(layout, name, source, types);
  renew(layout);
  new ReplacedBinaries(resolve(root)).place(
    { ...installed, types: [...new Set([...installed.types, ...types])] },
    launcherFor(layout, installed.version),
  );
  console.log(`${name} (sha256 ${source.digest}) is added for ${types.join(', ')}, in ${installed.binDirectory}`);
}

/** Takes away a plugin that was added. Its containers can still be detached. */
export function removeCommand(type: string, { root }: RootOption): void {
  const { installed, layout } = requireInstalled(root);
  const { plugins } = addedIndex(layout);
  const entry = Object.hasOwn(plugins, type) ? plugins[type] : undefined;
  if (entry === undefined) throw new UsageError(`no plugin for type ${type} was added`);
  const path = join(layout.addedPlugins, entry.file);
  const types = Object.keys(plugins).filter((one) => plugins[one]?.file === entry.file);
  const left = Object.entries(plugins).filter(([one]) => !types.includes(one));
  writeIndex(layout, { plugins: Object.fromEntries(left) });
  for (const old of [path, ...bundleFiles(path)]) rmSync(old, { force: true });
  renew(layout);
  // What the release has of the type serves it again; what it has not is still there to detach with.
  console.log(
    `${types.join(', ')}: removed; executables stay in ${installed.binDirectory} for containers that are attached`,
  );
}

/** All plugins of the node, and whether each may run. */
export function listCommand({ root, json }: RootOption & { readonly json?: boolean }): void {
  const { layout } = requireInstalled(root);
  const files = pluginFilesOf(layout);
  const { verdicts } = establishTrust(layout.policy, files);
  if (json) {
    console.log(JSON.stringify(verdicts, null, 2));
    return;
  }
  const rows = verdicts.map(({ type, digest, signers, problems }) => [
    escapeControls(type),
    digest.slice(0, 12),
    problems.length === 0
      ? paint('green', `may run (${signers.join(', ')})`)
      : paint('red', escapeControls(problems.join('; '))),
  ]);
  console.log(columns(rows));
}

function place({ addedPlugins, ...layout }: Layout, name: string, source: Candidate, types: readonly string[]): void {
  mkdirSync(addedPlugins, { recursive: true, mode: 0o755 });
  const file = `${name}-${source.digest.slice(0, 16)}.wasm`;
  const path = join(addedPlugins, file);
  for (const old of existsSync(path) ? bundleFiles(path) : []) rmSync(old);
  writeFileSync(`${path}.new`, source.bytes, { mode: 0o644 });
  renameSync(`${path}.new`, path);
  for (const bundle of bundleFiles(source.path)) {
    copyFileSync(bundle, `${path}${basename(bundle).slice(basename(source.path).length)}`);
  }
  const entries = types.map((type) => [type, { file, digest: source.digest }]);
  writeIndex(
    { addedPlugins, ...layout },
    { plugins: { ...addedIndex({ addedPlugins, ...layout }).plugins, ...Object.fromEntries(entries) } },
  );
}

function addedIndex({ addedPlugins }: Layout): PluginIndex {
  const path = join(addedPlugins, indexFile);
  return existsSync(path) ? readIndex(path) : { plugins: {} };
}

function writeIndex({ addedPlugins }: Layout, index: PluginIndex): void {
  const path = join(addedPlugins, indexFile);
  writeFileSync(`${path}.new`, `${JSON.stringify(index, null, 2)}\n`, { mode: 0o644 });
  renameSync(`${path}.new`, path);
}

function renew(layout: Layout): void {
  writeTrustState(layout.trust, openSeal(layout.secret), establishTrust(layout.policy, pluginFilesOf(layout)));
}
