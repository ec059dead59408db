import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  buildGuest,
  type Called,
  createMemoryKernel,
  type MemoryKernel,
  makeTestNode,
  type TestNode,
} from 'bulkhead/testing';
import type { Node } from '../../../host/calls/node.ts';
import type { NetworkNamespace } from '../../../host/kernel/kernel.ts';

const guests = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The bridge plugin and the IPAM plugin that the tests use with it. */
export async function buildComponents(): Promise<Uint8Array[]> {
  const built = ['bridge', 'host-local'].map((name) => buildGuest({ directory: join(guests, name) }));
  return (await Promise.all(built)).map(({ component }) => component);
}

/** How a call differs from the plain one. */
export interface Asked {
  readonly args?: string;
  readonly version?: string;
  /** Of the container's namespace, where it is not the one of its name. */
  readonly netns?: string;
  readonly interfaceName?: string;
}

/** A host with containers, each in a namespace of its name, and the plugins. */
export class Bench {
  readonly kernel: MemoryKernel;
  readonly dataDir = mkdtempSync(join(tmpdir(), 'leases-'));
  readonly #node: TestNode;
  readonly #containers = new Map<string, NetworkNamespace>();

  private constructor(kernel: MemoryKernel, node: TestNode) {
    this.kernel = kernel;
    this.#node = node;
  }

  /** `observe` looks on while operations pass their stages. */
  static async open(components: readonly Uint8Array[], observe?: Node['observe']): Promise<Bench> {
    const kernel = createMemoryKernel();
    return new Bench(kernel, await makeTestNode(kernel, components, observe === undefined ? {} : { observe }));
  }

  get host(): NetworkNamespace {
    return this.kernel.host;
  }

  get logged(): readonly string[] {
    return this.#node.logged;
  }

  /** The namespace of a container, made on first use. */
  container(name: string): NetworkNamespace {
    const before = this.#containers.get(name);
    if (before !== undefined) return before;
    this.kernel.addNamespace(`/run/netns/${name}`);
    const opened = this.kernel.openNamespace(`/run/netns/${name}`);
    this.#containers.set(name, opened);
    return opened;
  }

  call(verb: string, container: string, config: object, asked: Asked = {}): Called {
    if (verb !== 'STATUS') this.container(container);
    const environment = {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: container,
      CNI_NETNS: asked.netns ?? `/run/netns/${container}`,
      CNI_IFNAME: asked.interfaceName ?? 'eth0',
      CNI_ARGS: asked.args ?? '',
      CNI_PATH: '/nonexistent',
    };
    const cniVersion = asked.version ?? '1.1.0';
    return this.#node.call('bridge', environment, { cniVersion, name: 'net', type: 'bridge', ...config });
  }

  /** The `ipam` section of a network with these range sets. */
  ipam(subnets: readonly string[], more = {}): object {
    const ranges = subnets.map((subnet) => [{ subnet }]);
    return { ipam: { type: 'host-local', dataDir: this.dataDir, ranges, ...more } };
  }

  [Symbol.dispose](): void {
    this.#node[Symbol.dispose]();
    rmSync(this.dataDir, { recursive: true });
  }
}
