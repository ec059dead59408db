import { closeSync } from 'node:fs';
import { Deadline } from '../../system/deadline.ts';
import type { Kernel } from '../kernel.ts';
import { attempting } from './kernel-errors.ts';
import type { LinkRemoval } from './links.ts';
import { LinuxNamespace } from './linux-namespace.ts';
import { NamespaceChannel } from './namespace-channel.ts';
import { openNamespaceDescriptor } from './namespace-descriptor.ts';
import { ThreadNamespace } from './thread-namespace.ts';

export interface LinuxKernelOptions {
  /**
   * Path of a network namespace to take for the host's. The thread moves into it now, and back when the kernel is closed.
   * Where absent, the host's is the namespace that the thread is in.
   */
  readonly hostNamespace?: string;
  /** Takes links of the host's namespace away in this thread's stead. */
  readonly handOver?: (removal: LinkRemoval) => void;
  /** Called before each receive of a netlink datagram; what it throws comes out of the method that was called. For tests. */
  readonly beforeReceive?: () => void;
}

/**
 * The kernel of this machine, for the calling thread alone: each worker opens its own. Needs CAP_NET_ADMIN, and CAP_SYS_ADMIN
 * to enter namespaces.
 * Throws NamespaceError where `hostNamespace` leads to none, KernelError where the thread may not enter it. Any method may throw
 * StrandedThread when the thread cannot get back from another namespace; it must end then.
 *
 *     const kernel = openLinuxKernel();
 *     const sandbox = kernel.openNamespace('/run/netns/a');
 *     const link = sandbox.linkByName('eth0');
 *     kernel.close();
 */
export function openLinuxKernel(options: LinuxKernelOptions = {}): LinuxKernel {
  return new LinuxKernel(options);
}

export class LinuxKernel implements Kernel {
  readonly host: LinuxNamespace;
  deadline = Deadline.never;
  /** How `openNamespace` gets from a path to a descriptor, which is its own then. Throws NamespaceError. */
  descriptorOf: (path: string) => number = openNamespaceDescriptor;
  readonly #options: LinuxKernelOptions;
  readonly #thread: ThreadNamespace;
  readonly #channels = new Set<NamespaceChannel>();

  constructor(options: LinuxKernelOptions) {
    this.#options = options;
    const { hostNamespace } = options;
    this.#thread = attempting(`enter network namespace ${hostNamespace}`, () => new ThreadNamespace(hostNamespace));
    const channel = this.#channel(this.#thread.fd, '');
    this.host = new LinuxNamespace(channel, () => channel.drop(), options.handOver);
  }

  openNamespace(path: string): LinuxNamespace {
    const channel = this.#channel(this.descriptorOf(path), path);
    return new LinuxNamespace(channel, () => this.#release(channel));
  }

  recover(): void {
    this.#thread.return();
    for (const channel of this.#channels) channel.drop();
  }

  close(): void {
    for (const channel of this.#channels) this.#release(channel);
    this.#thread.close();
  }

  #channel(fd: number, path: string): NamespaceChannel {
    const { beforeReceive } = this.#options;
    const channel = new NamespaceChannel(fd, path, {
      thread: this.#thread,
      deadline: () => this.deadline,
      beforeReceive,
    });
    this.#channels.add(channel);
    return channel;
  }

  #release(channel: NamespaceChannel): void {
    if (!this.#channels.delete(channel)) return;
    channel.close();
    if (channel.fd !== this.#thread.fd) closeSync(channel.fd);
  }
}
