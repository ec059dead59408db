import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built } from '../../../host/cli/project.ts';
import { V8Engine } from '../../../host/engine/v8/engine.ts';
import { TranspiledStore } from '../../../host/engine/v8/store.ts';
import type { Kernel, NetworkNamespace } from '../../../host/kernel/kernel.ts';
import { openLinuxKernel } from '../../../host/kernel/linux/linux-kernel.ts';
import { givenPlugins, makeTestNode, type TestNode } from '../../../host/testing/node.ts';
import { openToAll } from '../../../host/trust/seal.ts';
import { referenceBinaries } from '../../e2e/installation.ts';
import { makeNamespace, type TestNamespace } from '../../kernel/namespace.ts';

/** Of the reference plugins that are compared with: Debian's, unless the environment names others. */
const reference = process.env.BULKHEAD_REFERENCE || referenceBinaries;
export const hasReference = existsSync(join(reference, 'bridge'));

export interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
  readonly json: any;
}

/**
 * A host with two containers on it, and the bridge plugin of one of the implementations. IPv6 addresses in it are usable at once.
 * All of it goes with the kernel that the tests run under.
 */
export abstract class Side {
  readonly leases: string;
  readonly host: TestNamespace;
  readonly containers: readonly [TestNamespace, TestNamespace];
  protected readonly kernel: Kernel;

  /** Of a host of its own, or of another's. */
  constructor(other?: Side) {
    this.leases = other?.leases ?? join(mkdtempSync(join(tmpdir(), 'bulkhead-side-')), 'networks');
    this.host = other?.host ?? makeNamespace();
    this.containers = other?.containers ?? [makeNamespace(), makeNamespace()];
    this.kernel = other?.kernel ?? openLinuxKernel({ hostNamespace: this.host.path });
    for (const namespace of [this.kernel.host, ...this.containers.map(({ path }) => this.kernel.openNamespace(path))])
      for (const all of ['all', 'default']) namespace.writeSysctl(`ipv6/conf/${all}/accept_dad`, '0');
  }

  /** Calls the plugin for a container, by number, as a runtime does. */
  call(verb: string, container: 0 | 1, configuration: object): Answered {
    const environment = {
      ...{ CNI_COMMAND: verb, CNI_CONTAINERID: `c${container}`, CNI_IFNAME: 'eth0' },
      ...{ CNI_NETNS: this.containers[container].path, CNI_PATH: reference },
    };
    return this.execute(environment, JSON.stringify(configuration));
  }

  /** Calls the plugin for no container. */
  collect(configuration: object): Answered {
    return this.execute({ CNI_COMMAND: 'GC', CNI_PATH: reference }, JSON.stringify(configuration));
  }

  /** A network of this host's, with addresses of these ranges. */
  network(more: object, ranges: readonly string[] = []): object {
    const ipam = { type: 'host-local', dataDir: this.leases, ranges: ranges.map((subnet) => [{ subnet }]) };
    const addresses = ranges.length > 0 ? { ipam } : {};
    return { cniVersion: '1.0.0', name: 'net', type: 'bridge', bridge: 'cni0', ...addresses, ...more };
  }

  /** What a shell command on the host says. */
  sh(command: string): string {
    return run(this.host, command);
  }

  /** Takes away what containers leave on the host, and them from it. */
  clean(): void {
    const { host } = this.kernel;
    for (const { path } of this.containers) removeLinks(this.kernel.openNamespace(path));
    removeLinks(host);
    for (const key of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) host.writeSysctl(key, '0');
    rmSync(this.leases, { recursive: true, force: true });
  }

  protected abstract execute(environment: Readonly<Record<string, string>>, configuration: string): Answered;
}

function removeLinks(namespace: NetworkNamespace): void {
  for (const { name } of namespace.links()) {
    const link = name === 'lo' ? undefined : namespace.linkByName(name);
    if (link !== undefined) namespace.removeLink(link.index);
  }
}

/** Bulkhead, in this process: one of its own takes seconds to start under this kernel. */
export class OurSide extends Side {
  #node: TestNode | undefined;

  static async open(): Promise<OurSide> {
    const side = new OurSide();
    const files = ['bridge', 'host-local', 'static'].map((name) => join(built.plugins, `${name}.wasm`));
    const plugins = givenPlugins(files.map((file) => readFileSync(file)));
    const engine = new V8Engine(new TranspiledStore(built.transpiled, openToAll));
    side.#node = await makeTestNode(side.kernel, [], { plugins, engine });
    return side;
  }

  override clean(): void {
    super.clean();
    rmSync(join(this.#opened.directory, 'attachments'), { recursive: true, force: true });
  }

  protected override execute(environment: Readonly<Record<string, string>>, configuration: string): Answered {
    const { exitCode, json } = this.#opened.call('bridge', environment, configuration);
    return { status: exitCode, json };
  }

  get #opened(): TestNode {
    if (this.#node === undefined) throw new Error('to be opened first');
    return this.#node;
  }
}

export class ReferenceSide extends Side {
  /** Of the specification, that it knows. */
  versions(): readonly string[] {
    return this.execute({ CNI_COMMAND: 'VERSION' }, '{}').json.supportedVersions;
  }

  protected override execute(environment: Readonly<Record<string, string>>, input: string): Answered {
    const command = [`--net=${this.host.path}`, join(reference, 'bridge')];
    const env = { ...environment, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
    const { status, stdout } = spawnSync('/usr/bin/nsenter', command, { env, input, encoding: 'utf8' });
    return { status: status ?? -1, json: stdout === '' ? undefined : JSON.parse(stdout) };
  }
}

/** What a shell command in a namespace says. */
export function run({ path }: TestNamespace, command: string): string {
  const given = spawnSync('/usr/bin/nsenter', [`--net=${path}`, 'sh', '-c', command], { encoding: 'utf8' });
  if (given.stderr !== '') throw new Error(`${command}: ${given.stderr}`);
  return given.stdout;
}
