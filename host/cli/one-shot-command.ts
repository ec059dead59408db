import type { Layout } from './layout.ts';

/** Of V8, for a process that ends soon; see docs/rationale.md. What lies in a release was made under the same ones. */
const settings = [
  // The seed of hashes is the snapshot's: another one in each installation, so nobody outside knows it.
  '--no-rehash-snapshot',
  // What runs some hundred times is not worth compiling, what runs for a second is.
  '--no-sparkplug',
  '--no-maglev',
  '--invocation-count-for-turbofan=30000',
  '--invocation-count-for-osr=5000',
  // MiB: then a call ends before there is anything to collect.
  '--min-semi-space-size=4',
] as const;

/** In place of the arguments of a call: see host/cli/one-shot-main.ts. */
export const compileArgument = 'compile';

type Command = readonly [program: string, ...args: string[]];

/** What answers one call, for a CNI type: the program and its arguments. */
export function oneShotCommand({ node, boot, root }: Layout, version: string, type: string): Command {
  return [node, ...started(boot), root, version, type];
}

/** Makes the snapshot, of which a file in JSON says how. */
export function snapshotCommand({ node, boot }: Pick<Layout, 'node' | 'boot'>, configuration: string): Command {
  return [node, '--snapshot-blob', boot, '--build-snapshot-config', configuration];
}

/** Compiles the host, as calls will find it. */
export function compileCommand({ node, boot }: Pick<Layout, 'node' | 'boot'>): Command {
  return [node, ...started(boot), compileArgument];
}

function started(boot: string): string[] {
  return [...settings, '--snapshot-blob', boot];
}
