import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ruling } from '../../../host/calls/guard.ts';
import type { Node } from '../../../host/calls/node.ts';
import type { Kernel, NetworkNamespace } from '../../../host/kernel/kernel.ts';
import {
  buildGuest,
  type Called,
  createMemoryKernel,
  givenPlugins,
  makeTestNode,
  type TestNode,
} from '../../../host/testing/testing.ts';
import type { Plugin } from '../../../host/trust/plugin.ts';

/** A node with two plugins that do what they are told: `outer` delegates to `inner`. */
export interface Bench extends Disposable {
  readonly test: TestNode;
  readonly kernel: Kernel;
  /** All decisions about what plugins may do, as `inner lease.reserve denied`. */
  readonly rulings: string[];
  /** What a store finds: to be changed by tests. */
  readonly plugins: Map<string, Plugin>;
  /** Calls `outer` in the container at that path, `c1` and `/run/netns/a` where nothing else is said. */
  call(
    verb: string,
    steps: Steps,
    more?: { readonly container?: string; readonly netns?: string; readonly config?: object },
  ): Called;
  /** Addresses that somebody has. */
  leases(): readonly string[];
  /** How many attachments are on record. */
  records(): number;
}

/** What each of the two does, by verb. */
export interface Steps {
  readonly outer?: Readonly<Record<string, readonly string[]>>;
  readonly inner?: Readonly<Record<string, readonly string[]>>;
}

export const network = 'net';
export const sandboxPath = '/run/netns/a';

const built = new Map<string, Uint8Array>();

/** The component of one of the plugins of this directory. */
async function component(name: 'outer' | 'inner'): Promise<Uint8Array> {
  const before = built.get(name);
  if (before !== undefined) return before;
  const directory = fileURLToPath(new URL(`${name}/guest`, import.meta.url));
  const { component: bytes } = await buildGuest({ directory });
  built.set(name, bytes);
  return bytes;
}

/** Two containers, `/run/netns/a` and `/run/netns/b`, each with an `eth0`. */
function twoContainers(): Kernel {
  const kernel = createMemoryKernel();
  for (const path of [sandboxPath, '/run/netns/b']) {
    kernel.addNamespace(path);
    kernel.openNamespace(path).createLink({ name: 'eth0', plan: { kind: 'dummy' } });
  }
  return kernel;
}

export async function makeBench(over: Partial<Node> = {}, kernel: Kernel = twoContainers()): Promise<Bench> {
  const components = [await component('outer'), await component('inner')];
  const rulings: string[] = [];
  const given = givenPlugins(components);
  const plugins = new Map(given.types.flatMap((type) => [[type, given.find(type)] as [string, Plugin]]));
  const store = {
    get types() {
      return [...plugins.keys()];
    },
    find: (type: string) => plugins.get(type),
  };
  const notice = ({ plugin, access, decision }: Ruling) => rulings.push(`${plugin} ${spell(access)} ${decision}`);
  const test = await makeTestNode(kernel, components, { plugins: store, notice, ...over });
  const dataDir = join(test.directory, 'networks');
  const filesIn = (directory: string) => (existsSync(directory) ? readdirSync(directory) : []);
  return {
    test,
    kernel,
    rulings,
    plugins,
    call(verb, { outer = {}, inner = {} }, { container = 'c1', netns = sandboxPath, config = {} } = {}) {
      const environment = {
        CNI_COMMAND: verb,
        CNI_CONTAINERID: container,
        CNI_NETNS: netns,
        CNI_IFNAME: 'eth0',
        CNI_PATH: '/nonexistent',
      };
      const previous = verb === 'CHECK' ? { prevResult: { cniVersion: '1.1.0' } } : {};
      const ipam = { type: 'inner', dataDir, ...inner };
      return test.call('outer', environment, {
        ...{ cniVersion: '1.1.0', name: network, type: 'outer', outer, ipam },
        ...previous,
        ...config,
      });
    },
    leases: () => filesIn(join(dataDir, network)).filter((name) => /^\d+\./.test(name)),
    records: () => filesIn(join(test.directory, 'attachments')).length,
    [Symbol.dispose]: () => test[Symbol.dispose](),
  };
}

function spell(access: Ruling['access']): string {
  return access.kind === 'delegate' ? `delegate ${access.verb}` : access.kind;
}

/** Runs something with the container's namespace open. */
export function inside<T>({ kernel }: Bench, path: string, body: (sandbox: NetworkNamespace) => T): T {
  const sandbox = kernel.openNamespace(path);
  try {
    return body(sandbox);
  } finally {
    sandbox.close();
  }
}

export const mtuIn = (bench: Bench, path = sandboxPath) =>
  inside(bench, path, (sandbox) => sandbox.linkByName('eth0')?.mtu);

export function setMtu(bench: Bench, mtu: number, path = sandboxPath): void {
  inside(bench, path, (sandbox) => sandbox.changeLink(sandbox.linkByName('eth0')?.index ?? 0, { mtu }));
}
