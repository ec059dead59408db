import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kernel, NetworkNamespace } from '../../host/kernel/kernel.ts';
import { openLinuxKernel } from '../../host/kernel/linux/linux-kernel.ts';
import { createMemoryKernel } from '../../host/kernel/memory/memory-kernel.ts';
import { MemoryNamespace } from '../../host/kernel/memory/memory-namespace.ts';
import { ip } from '../../host/net/ip.ts';
import { ipPrefix } from '../../host/net/prefix.ts';
import { makeNamespace } from '../kernel/namespace.ts';
import { type Dump, dumpFiles, dumpLinuxNamespaces, dumpMemoryNamespace } from './dump.ts';

export type KernelName = 'memory' | 'linux';

/** A machine with nothing but sandboxes on it: the first is the plugin's, the others are other pods'. */
export interface World extends Disposable {
  readonly kernel: Kernel;
  /** Of leases, records and all else that the host keeps. */
  readonly directory: string;
  readonly sandboxes: readonly [string, string, string];
  /** Namespaces as they are, by other means than the host's: the sandboxes in their order, and then the host. */
  dump(): readonly Dump[];
  files(name: 'networks' | 'attachments'): Dump;
}

export function makeWorld(kernel: KernelName): World {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-fuzz-'));
  mkdirSync(join(directory, 'networks'));
  writeFileSync(join(directory, 'resolv.conf'), 'nameserver 10.1.0.1\nsearch example.org\n');
  writeFileSync(join(directory, 'secret'), 'nameserver 6.6.6.6\n');
  const world = kernel === 'memory' ? inMemory(directory) : onLinux(directory);
  for (const path of world.sandboxes) withoutDetection(world.kernel.openNamespace(path));
  withoutDetection(world.kernel.host);
  const own = world.kernel.openNamespace(world.sandboxes[0]);
  furnish(own);
  own.close();
  return world;
}

/** What the plugin finds in its sandbox: links that it may change, and links that it may not. */
function furnish(sandbox: NetworkNamespace): void {
  for (const [name, peerName, address, network] of [
    ['eth5', 'eth5p', '10.99.0.5', '10.99.5.0'],
    ['keep0', 'keep1', '192.168.77.5', '10.55.5.0'],
  ] as const) {
    const plan = { kind: 'veth', peerName, peerNamespace: sandbox } as const;
    const made = sandbox.createLink({ name, plan, mtu: 1400 });
    const { index } = made;
    if (made.details.kind === 'veth') sandbox.changeLink(made.details.peerIndex, { up: true });
    sandbox.changeLink(index, { up: true, alias: `${name} of the test` });
    sandbox.waitUntilUp(index, 1000);
    sandbox.addAddress(index, ipPrefix(ip(address), 24));
    sandbox.addRoute({ destination: ipPrefix(ip(network), 24), index });
  }
  sandbox.writeSysctl('ipv4/conf/keep0/arp_notify', '1');
}

function inMemory(directory: string): World {
  const kernel = createMemoryKernel();
  const sandboxes = ['/run/netns/own', '/run/netns/a', '/run/netns/b'] as const;
  for (const path of sandboxes) kernel.addNamespace(path);
  const handles = sandboxes.map((path) => kernel.openNamespace(path));
  return {
    kernel,
    directory,
    sandboxes,
    dump: () => [...handles, kernel.host].map((one) => dumpMemoryNamespace(MemoryNamespace.modelOf(one))),
    files: (name) => dumpFiles(join(directory, name)),
    [Symbol.dispose]() {
      kernel.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function onLinux(directory: string): World {
  const namespaces = [makeNamespace(), makeNamespace(), makeNamespace(), makeNamespace()] as const;
  const [host, own, a, b] = namespaces;
  const kernel = openLinuxKernel({ hostNamespace: host.path });
  return {
    kernel,
    directory,
    sandboxes: [own.path, a.path, b.path],
    dump: () => dumpLinuxNamespaces([own.path, a.path, b.path, host.path]),
    files: (name) => dumpFiles(join(directory, name)),
    [Symbol.dispose]() {
      kernel.close();
      for (const namespace of namespaces) namespace.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** New links need not wait until their IPv6 address is found to be no one else's. Of the host's, closing does nothing. */
function withoutDetection(namespace: NetworkNamespace): void {
  for (const all of ['all', 'default']) namespace.writeSysctl(`ipv6/conf/${all}/accept_dad`, '0');
  namespace.close();
}
