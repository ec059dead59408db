import type { IpAddress } from '../../net/ip.ts';
import { Deadline } from '../../system/deadline.ts';
import { NamespaceError } from '../errors.ts';
import type { Kernel, NetworkNamespace } from '../kernel.ts';
import { type NamespaceSnapshot, snapshot } from '../snapshot.ts';
import { type Echo, echo } from './echo.ts';
import { MemoryNamespace } from './memory-namespace.ts';
import type { NamespaceModel, WorldModel } from './model.ts';
import { addNamespace, createWorld, destroyNamespace } from './world.ts';

export interface MemoryKernelOptions {
  /** Whether bridges know VLANs (CONFIG_BRIDGE_VLAN_FILTERING). Without, they answer as a kernel built without. True where absent. */
  readonly bridgeVlans?: boolean;
}

/**
 * A kernel that is only data: no root, no machine, no time. It answers as Linux 6.18 does, errnos included; the contract in
 * test/kernel holds both to it. Waiting takes no time: what would come about by itself has, and the rest never will.
 *
 *     const kernel = createMemoryKernel();
 *     kernel.addNamespace('/run/netns/a');
 *     const sandbox = kernel.openNamespace('/run/netns/a');
 *     kernel.echo(sandbox, ip('10.1.2.1'));   // { kind: 'lost', because: 'no-route', ... }
 */
export function createMemoryKernel(options: MemoryKernelOptions = {}): MemoryKernel {
  return new MemoryKernel(options);
}

export class MemoryKernel implements Kernel {
  readonly host: MemoryNamespace;
  deadline = Deadline.never;
  readonly #world: WorldModel;
  readonly #paths = new Map<string, NamespaceModel>();
  /** How many handles and paths keep a namespace alive. */
  readonly #uses = new Map<NamespaceModel, number>();

  constructor({ bridgeVlans = true }: MemoryKernelOptions) {
    this.#world = createWorld({ bridgeVlans });
    this.host = new MemoryNamespace(addNamespace(this.#world), '');
  }

  openNamespace(path: string): MemoryNamespace {
    const model = this.#paths.get(path);
    if (model === undefined) {
      throw new NamespaceError('missing', `failed to Statfs ${JSON.stringify(path)}: no such file or directory`);
    }
    this.#use(model, 1);
    return new MemoryNamespace(model, path, () => this.#use(model, -1));
  }

  /** Makes a namespace with nothing but the loopback link, to be opened by this path. Throws TypeError where the path is taken. */
  addNamespace(path: string): void {
    if (this.#paths.has(path)) throw new TypeError(`there is a namespace at ${path} already`);
    const model = addNamespace(this.#world);
    this.#paths.set(path, model);
    this.#use(model, 1);
  }

  /** Takes the path away. The namespace and its links go as soon as no handle is open. Throws TypeError where there is none. */
  removeNamespace(path: string): void {
    const model = this.#paths.get(path);
    if (model === undefined) throw new TypeError(`there is no namespace at ${path}`);
    this.#paths.delete(path);
    this.#use(model, -1);
  }

  /** Would a ping from this namespace reach the address, and its answer come back? Firewalls are not part of the model. */
  echo(from: NetworkNamespace, to: IpAddress): Echo {
    return echo(MemoryNamespace.modelOf(from), to);
  }

  /** What there is, as plain data that two kernels in the same state have equal. Keyed by path; the host's is empty. */
  dump(): Readonly<Record<string, NamespaceSnapshot>> {
    const models = [...this.#paths].sort(([a], [b]) => (a < b ? -1 : 1));
    const sandboxes = models.map(([path, model]) => [path, snapshot(new MemoryNamespace(model, path))]);
    return { '': snapshot(this.host), ...Object.fromEntries(sandboxes) };
  }

  recover(): void {}

  close(): void {}

  #use(model: NamespaceModel, change: 1 | -1): void {
    const uses = (this.#uses.get(model) ?? 0) + change;
    this.#uses.set(model, uses);
    if (uses > 0) return;
    this.#uses.delete(model);
    destroyNamespace(model);
  }
}
