import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KernelError, NamespaceError } from '../../host/kernel/errors.ts';
import type { Kernel, NetworkNamespace } from '../../host/kernel/kernel.ts';
import { openLinuxKernel } from '../../host/kernel/linux/linux-kernel.ts';
import { NetlinkTimeout } from '../../host/netlink/errors.ts';
import { Deadline } from '../../host/system/deadline.ts';
import { expectErrno, makeBridge, makeVeth, prefix, type World } from './contract/world.ts';
import { makeLinuxWorld } from './linux-world.ts';
import { makeNamespace, missingPrivileges } from './namespace.ts';

const reason = missingPrivileges();
const ownNamespace = () => readlinkSync('/proc/thread-self/ns/net');
const openDescriptors = () => readdirSync('/proc/self/fd').length;

describe.skipIf(reason !== undefined)(`the kernel of this machine alone${reason ? ` (${reason})` : ''}`, () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'bulkhead-kernel-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('the thread is back where it was, and no descriptor is left, when the kernel is closed', () => {
    const [namespace, descriptors] = [ownNamespace(), openDescriptors()];
    using host = makeNamespace();
    using other = makeNamespace();
    const kernel = openLinuxKernel({ hostNamespace: host.path });
    expect(ownNamespace()).not.toBe(namespace);
    const [one, two] = [kernel.openNamespace(other.path), kernel.openNamespace(other.path)];
    expect([kernel.host, one, two].flatMap((each) => each.links())).toHaveLength(3);
    one.close();
    kernel.close();
    kernel.close();
    expect(ownNamespace()).toBe(namespace);
    expect(openDescriptors()).toBe(descriptors);
  });

  test('a thread that entered a namespace is back whatever came of it', () => {
    using world = makeLinuxWorld();
    const own = ownNamespace();
    expectErrno(() => world.sandbox.readSysctl('ipv4/nosuch'), 'ENOENT');
    expect(ownNamespace()).toBe(own);
    world.sandbox.readSysctl('ipv4/ip_forward');
    world.sandbox.links();
    expect(ownNamespace()).toBe(own);
  });

  test('links are taken away together in the background, and none besides', async () => {
    using host = makeNamespace();
    const kernel = openLinuxKernel({ hostNamespace: host.path });
    try {
      const made = ['a', 'b', 'c', 'd'].map((name) => kernel.host.createLink({ name, plan: { kind: 'bridge' } }));
      const [a = 0, b = 0, c = 0, d = 0] = made.map(({ index }) => index);
      await Promise.all([kernel.host.removeLinks([a, b, 4711]), kernel.host.removeLinks([c])]);
      expect(kernel.host.links().map(({ name }) => name)).toEqual(['lo', 'd']);
      await kernel.host.removeLinks([a]);
      // The loopback device cannot be removed: nothing of its group is.
      await expect(kernel.host.removeLinks([1, d])).rejects.toThrow(KernelError);
      expect(kernel.host.links().map(({ name }) => name)).toEqual(['lo', 'd']);
    } finally {
      kernel.close();
    }
  });

  test('a link of the host may be handed over to be taken away; those of a sandbox never are', () => {
    using host = makeNamespace();
    using other = makeNamespace();
    const handed: number[] = [];
    const kernel = openLinuxKernel({
      hostNamespace: host.path,
      handOver({ index, isThere, remove }) {
        handed.push(index);
        expect(isThere()).toBe(true);
        remove();
        expect(isThere()).toBe(false);
      },
    });
    try {
      const sandbox = kernel.openNamespace(other.path);
      const bridge = kernel.host.createLink({ name: 'a', plan: { kind: 'bridge' } });
      sandbox.removeLink(sandbox.createLink({ name: 'a', plan: { kind: 'bridge' } }).index);
      kernel.host.removeLink(bridge.index);
      expect(handed).toEqual([bridge.index]);
    } finally {
      kernel.close();
    }
  });

  test('a path to something else is told apart, and a FIFO does not hang', () => {
    using world = makeLinuxWorld();
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    writeFileSync(join(directory, 'file'), '');
    mkdirSync(join(directory, 'directory'));
    for (const name of ['fifo', 'file', 'directory']) {
      const path = join(directory, name);
      const attempt = () => world.kernel.openNamespace(path);
      expect(attempt).toThrow(NamespaceError);
      expect(attempt).toThrow(new RegExp(`^unknown FS magic on "${path}": [0-9a-f]+$`));
    }
    const code = (path: string) => {
      try {
        world.kernel.openNamespace(path).close();
        return 'opened';
      } catch (error) {
        return error instanceof NamespaceError ? error.code : error;
      }
    };
    symlinkSync(world.sandboxPath, join(directory, 'link'));
    expect(code(join(directory, 'link'))).toBe('opened');
    expect(code('/proc/self/ns/mnt')).toBe('not-a-network-namespace');
    expect(code('/proc/self/ns/net')).toBe('opened');
    expect(code('/dev/null')).toBe('not-a-namespace');
    expect(code('')).toBe('missing');
    expect(code(join(directory, 'file', 'below'))).toBe('inaccessible');
  });

  test('a namespace outlives its path as long as a handle is open', () => {
    using world = makeLinuxWorld();
    const gone = makeNamespace();
    const handle = world.kernel.openNamespace(gone.path);
    gone.remove();
    handle.changeLink(1, { up: true });
    expect(handle.addresses()).toHaveLength(2);
    expect(() => world.kernel.openNamespace(gone.path)).toThrow(NamespaceError);
  });

  test('a hundred links are listed in several parts, the addresses of one are filtered by the kernel', () => {
    using world = makeLinuxWorld();
    for (let i = 0; i < 100; i++) makeBridge(world, `br${i}`);
    const links = world.host.links();
    expect(links).toHaveLength(101);
    for (const { index } of links.slice(1)) world.host.addAddress(index, prefix(`10.0.${index}.1/24`));
    expect(world.host.addresses(links.at(50)?.index)).toHaveLength(1);
    expect(world.host.addresses()).toHaveLength(100);
  });

  test('a time-out at any receive is ETIMEDOUT, and all works again afterwards', () => {
    for (let failing = 0; ; failing++) {
      if (runWithTimeOutAt(failing) === 'never reached') {
        expect(failing).toBeGreaterThan(10);
        return;
      }
    }
  });

  test('a call that was ended half-way is recovered from', () => {
    let armed = false;
    using host = makeNamespace();
    using other = makeNamespace();
    const kernel = openLinuxKernel({
      hostNamespace: host.path,
      beforeReceive: () => {
        if (armed) throw new Error('ended');
      },
    });
    try {
      const own = ownNamespace();
      const sandbox = kernel.openNamespace(other.path);
      armed = true;
      expect(() => sandbox.links()).toThrow('ended');
      armed = false;
      kernel.recover();
      expect(ownNamespace()).toBe(own);
      expect(sandbox.links()).toHaveLength(1);
      expect(kernel.host.links()).toHaveLength(1);
    } finally {
      kernel.close();
    }
  });

  test('each thread is in a namespace of its own', async () => {
    using one = makeNamespace();
    const own = ownNamespace();
    const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: one.path });
    const [seen] = await once(worker, 'message');
    expect(seen).toEqual({ links: ['lo'], moved: true, written: '7', back: true });
    expect(ownNamespace()).toBe(own);
    using world = makeLinuxWorld();
    expect(world.kernel.openNamespace(one.path).readSysctl('ipv4/conf/lo/arp_notify')).toBe('7');
    await once(worker, 'exit');
  });

  test('a time-out of the engine may fall anywhere, inside another namespace too', () => {
    using world = makeLinuxWorld();
    const own = ownNamespace();
    const call = () => {
      world.sandbox.readSysctl('ipv4/ip_forward');
      world.sandbox.linkByName('lo');
    };
    for (let time = 1; time <= 25; time++) {
      const script = new Script('for (;;) call()');
      expect(() => script.runInNewContext({ call }, { timeout: time })).toThrow('timed out');
      world.kernel.recover();
      expect(ownNamespace()).toBe(own);
      call();
    }
  });

  test('namespaces of different kernels do not mix', () => {
    using one = makeLinuxWorld();
    const foreign = { ...one.sandbox } as NetworkNamespace;
    const plan = { kind: 'veth', peerName: 'eth0', peerNamespace: foreign } as const;
    expect(() => one.host.createLink({ name: 'veth0', plan })).toThrow(TypeError);
  });
});

/** One of everything, with the n-th receive of the kernel timing out. */
function runWithTimeOutAt(failing: number): 'timed out' | 'never reached' {
  using host = makeNamespace();
  using other = makeNamespace();
  let receives = 0;
  const beforeReceive = () => {
    if (receives++ === failing) throw new NetlinkTimeout();
  };
  const kernel: Kernel = openLinuxKernel({ hostNamespace: host.path, beforeReceive });
  try {
    const sandbox = kernel.openNamespace(other.path);
    kernel.deadline = Deadline.in(5000);
    const world: World = {
      kernel,
      host: kernel.host,
      sandbox,
      sandboxPath: other.path,
      bridgeVlans: false,
      [Symbol.dispose]() {},
    };
    try {
      runEverything(world);
    } catch (error) {
      expect(error).toBeInstanceOf(KernelError);
      expect(error).toMatchObject({ errno: 110 });
      expect(sandbox.links().length).toBeGreaterThan(0);
      expect(kernel.host.links().length).toBeGreaterThan(0);
      return 'timed out';
    }
    return receives > failing ? 'timed out' : 'never reached';
  } finally {
    kernel.close();
  }
}

function runEverything(world: World): void {
  const { host, sandbox } = world;
  const bridge = makeBridge(world);
  const { port, eth } = makeVeth(world);
  host.changeLink(port, { controller: bridge, up: true });
  host.changeBridgePort(port, { hairpin: true });
  host.bridgePort(port);
  sandbox.addAddress(eth, prefix('10.1.2.3/24'));
  sandbox.changeLink(eth, { up: true });
  host.waitUntilUp(port, 2000);
  sandbox.addRoute({ destination: prefix('10.5.0.0/16'), index: eth });
  sandbox.routes();
  sandbox.addresses(eth);
  sandbox.removeLink(eth);
}
