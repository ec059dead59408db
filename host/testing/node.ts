import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, answer } from '../calls/answer.ts';
import { filesOf, type Node } from '../calls/node.ts';
import { defaultLimits } from '../cli/node.ts';
import { LeaseStore } from '../ipam/store.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { SharedLocks } from '../operations/locks.ts';
import type { CompiledPolicy } from '../policy/compiled.ts';
import { RuleGrants } from '../policy/decide.ts';
import { defaultPolicyFile, readPolicy } from '../policy/read.ts';
import { RecordStore } from '../records/store.ts';
import type { Plugin, PluginStore, Rights } from '../trust/plugin.ts';
import { digestOf } from '../trust/plugin-files.ts';
import { readManifest } from '../trust/trusted-plugins.ts';
import { openTestEngine } from './engine.ts';

/** A node for tests: its files in a directory of its own, its plugins given as components. */
export interface TestNode extends Disposable {
  readonly node: Node;
  readonly directory: string;
  /** Lines that plugins and host have logged. */
  readonly logged: string[];
  /** Calls a plugin as a runtime does. */
  call(type: string, environment: Readonly<Record<string, string>>, configuration: unknown): Called;
}

/** An answer with what stands on stdout, decoded. */
export interface Called extends Answer {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
  readonly json: any;
}

export async function makeTestNode(
  kernel: Kernel,
  components: readonly Uint8Array[],
  over: Partial<Node> = {},
): Promise<TestNode> {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-node-'));
  const logged: string[] = [];
  const plugins = givenPlugins(components);
  const engine = await openTestEngine(
    directory,
    plugins.types.flatMap((type) => plugins.find(type) ?? []),
  );
  const node: Node = {
    kernel,
    engine,
    plugins,
    records: new RecordStore(join(directory, 'attachments')),
    locks: new SharedLocks(join(directory, 'locks')),
    leases: new LeaseStore(join(directory, 'indexes')),
    limits: defaultLimits,
    bootId: 'test',
    log: (level, line) => logged.push(`${level}: ${line}`),
    ...over,
  };
  return {
    node,
    directory,
    logged,
    call(type, environment, configuration) {
      const text = typeof configuration === 'string' ? configuration : JSON.stringify(configuration);
      const given = answer({ type, environment, readStdin: () => new TextEncoder().encode(text) }, () => node);
      return { ...given, json: given.stdout === '' ? undefined : JSON.parse(given.stdout) };
    },
    [Symbol.dispose]() {
      filesOf(node)[Symbol.dispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Everything granted: for plugins that the policy of a release does not know. */
const unbounded: Rights = {
  grants: { decide: () => ({ allowed: true }) },
  ...{ mode: 'enforce', fullPool: 'ready', limits: {}, signers: [] },
};

/** What a policy says of a plugin; by default the one that ships with a release. */
function rightsOf(type: string, policy: CompiledPolicy = shippedPolicy()): Rights {
  const found = Object.hasOwn(policy.plugins, type) ? policy.plugins[type] : undefined;
  if (found === undefined) return unbounded;
  const { limits, fullPool, signers } = found;
  return { grants: new RuleGrants(found.rules), mode: policy.mode, limits, fullPool, signers };
}

let shipped: CompiledPolicy | undefined;
function shippedPolicy(): CompiledPolicy {
  shipped ??= readPolicy(defaultPolicyFile);
  return shipped;
}

/** The CNI types that the components' manifests name. */
export function givenPlugins(components: readonly Uint8Array[], policy?: CompiledPolicy): PluginStore {
  const plugins = new Map<string, Plugin>();
  for (const bytes of components) {
    const manifest = readManifest({ bytes, path: 'a component of a test' });
    for (const type of manifest.types)
      plugins.set(type, { type, bytes, digest: digestOf(bytes), manifest, rights: rightsOf(type, policy) });
  }
  return { types: [...plugins.keys()], find: (type) => plugins.get(type) };
}
