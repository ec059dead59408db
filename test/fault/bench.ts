import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from '../../host/calls/node.ts';
import { built } from '../../host/cli/project.ts';
import type { Kernel } from '../../host/kernel/kernel.ts';
import { openLinuxKernel } from '../../host/kernel/linux/linux-kernel.ts';
import { createMemoryKernel } from '../../host/kernel/memory/memory-kernel.ts';
import { snapshot } from '../../host/kernel/snapshot.ts';
import { type Called, makeTestNode, type TestNode } from '../../host/testing/node.ts';
import { makeNamespace, missingPrivileges } from '../kernel/namespace.ts';

/** A node with the released plugins and two containers, on one of the kernels. */
export interface Bench extends Disposable {
  readonly kernel: Kernel;
  readonly test: TestNode;
  /** Paths of the containers' namespaces. */
  readonly sandboxes: readonly [string, string];
  /** Calls `bridge` for a container, by number. */
  bridge(verb: string, container: number, more?: object): Called;
  /** Everything that a failed call must leave as it was: both kernels' state, settings, leases, records. */
  state(): unknown;
}

export interface BenchOptions {
  readonly over?: Partial<Node>;
  /** Of the linux kernel: called before each receive. */
  readonly beforeReceive?: () => void;
}

export interface BenchKind {
  readonly name: string;
  /** Why it cannot be used here. */
  readonly missing: string | undefined;
  readonly make: (options?: BenchOptions) => Promise<Bench>;
}

/** Components that `npm run build` made. */
export function releasedComponents(): Uint8Array[] {
  return ['loopback', 'bridge', 'host-local'].map((name) => readFileSync(join(built.plugins, `${name}.wasm`)));
}

export const benches: readonly BenchKind[] = [
  { name: 'the kernel in memory', missing: undefined, make: (options = {}) => onMemory(options) },
  { name: 'the real kernel', missing: missingPrivileges(), make: (options = {}) => onLinux(options) },
];

async function onMemory({ over = {} }: BenchOptions): Promise<Bench> {
  const kernel = createMemoryKernel();
  const sandboxes = ['/run/netns/a', '/run/netns/b'] as const;
  for (const path of sandboxes) kernel.addNamespace(path);
  return makeBench(kernel, sandboxes, over, () => kernel.close());
}

async function onLinux({ over = {}, beforeReceive }: BenchOptions): Promise<Bench> {
  const namespaces = [makeNamespace(), makeNamespace(), makeNamespace()] as const;
  const [host, ...sandboxes] = namespaces;
  const kernel = openLinuxKernel({
    hostNamespace: host.path,
    ...(beforeReceive === undefined ? {} : { beforeReceive }),
  });
  // New bridges need not wait until their IPv6 address is found to be no one else's, a second or two each.
  for (const all of ['all', 'default']) kernel.host.writeSysctl(`ipv6/conf/${all}/accept_dad`, '0');
  return makeBench(kernel, [sandboxes[0].path, sandboxes[1].path], over, () => {
    kernel.close();
    for (const namespace of namespaces) namespace.remove();
  });
}

async function makeBench(
  kernel: Kernel,
  sandboxes: readonly [string, string],
  over: Partial<Node>,
  dispose: () => void,
): Promise<Bench> {
  const test = await makeTestNode(kernel, releasedComponents(), over);
  const leases = join(test.directory, 'networks');
  const attachments = join(test.directory, 'attachments');
  const settings = ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'];
  const inside = (path: string) => {
    const namespace = kernel.openNamespace(path);
    try {
      return [snapshot(namespace), namespace.readSysctl('ipv6/conf/lo/disable_ipv6')];
    } finally {
      namespace.close();
    }
  };
  return {
    kernel,
    test,
    sandboxes,
    bridge: (verb, container, more = {}) =>
      test.call('bridge', environment(verb, container, sandboxes[container] ?? ''), configuration(leases, more)),
    state: () => ({
      host: snapshot(kernel.host),
      settings: settings.map((key) => kernel.host.readSysctl(key)),
      sandboxes: sandboxes.map(inside),
      leases: filesIn(join(leases, 'net')).filter((name) => /^[0-9a-f.:]+$/.test(name)),
      records: filesIn(attachments),
    }),
    [Symbol.dispose]: () => {
      dispose();
      test[Symbol.dispose]();
    },
  };
}

function environment(verb: string, container: number, netns: string): Record<string, string> {
  return {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: `container${container}`,
    CNI_NETNS: netns,
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/nonexistent',
  };
}

/** Both families, a gateway, a default route: every kind of operation that the bridge knows. */
function configuration(dataDir: string, more: object = {}): object {
  return {
    cniVersion: '1.1.0',
    name: 'net',
    type: 'bridge',
    bridge: 'cni0',
    isDefaultGateway: true,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      dataDir,
      ranges: [[{ subnet: '10.1.0.0/24' }], [{ subnet: 'fd00:1::/64' }]],
      routes: [{ dst: '10.9.0.0/16', gw: '10.1.0.254' }],
    },
    ...more,
  };
}

function filesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}
