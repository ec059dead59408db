import type { IpPrefix } from '../../net/prefix.ts';
import { StepError } from '../errors.ts';
import type {
  AddressFlags,
  AssignedAddress,
  BridgePort,
  BridgePortChange,
  Link,
  LinkChange,
  NetworkNamespace,
  NewLink,
  Route,
  RouteFilter,
  VlanRange,
} from '../kernel.ts';
import { requireLinkIndex } from '../link-names.ts';
import { addAddress, removeAddress } from './addresses.ts';
import { addVlans, changePort, describePort, removeVlans } from './bridges.ts';
import { refuse } from './failure.ts';
import { settle } from './lifecycle.ts';
import { describeLink } from './link-state.ts';
import { changeLink, createLink, moveLink, removeLink } from './links.ts';
import { findLink, type NamespaceModel } from './model.ts';
import { addRoute, listRoutes, removeRoute, replaceRoute } from './routes.ts';
import { MemoryRuleset } from './ruleset.ts';
import { readSysctl, writeSysctl } from './sysctls.ts';
import { waitUntilUp, waitUntilUsable } from './waits.ts';

/** A handle of a namespace of the model. Each method is a function of its own in the file named after its subject. */
export class MemoryNamespace implements NetworkNamespace {
  readonly path: string;
  readonly #model: NamespaceModel;
  /** Absent for the host's, which is not closed before the kernel is. */
  readonly #onClose: (() => void) | undefined;
  #closed = false;

  constructor(model: NamespaceModel, path: string, onClose?: () => void) {
    this.#model = model;
    this.path = path;
    this.#onClose = onClose;
  }

  get cookie(): bigint {
    return this.#model.cookie;
  }

  get ruleset(): MemoryRuleset {
    return this.#change((model) => new MemoryRuleset(model.ruleset));
  }

  links(): Link[] {
    return this.#read((model) => [...model.links.values()].sort((a, b) => a.index - b.index).map(describeLink));
  }

  linkByName(name: string): Link | undefined {
    return this.#read((model) => {
      const link = findLink(model, name);
      return link && describeLink(link);
    });
  }

  linkByIndex(index: number): Link | undefined {
    return this.#read((model) => {
      const link = model.links.get(index);
      return link && describeLink(link);
    });
  }

  createLink(link: NewLink): Link {
    const peer = link.plan.kind === 'veth' ? MemoryNamespace.modelOf(link.plan.peerNamespace) : undefined;
    return this.#change((model) => createLink(model, link, peer));
  }

  changeLink(index: number, change: LinkChange): void {
    this.#change((model) => changeLink(model, index, change));
  }

  together(steps: readonly (() => void)[]): void {
    for (const [position, step] of steps.entries()) {
      try {
        step();
      } catch (error) {
        throw new StepError(position, error);
      }
    }
  }

  moveLink(index: number, to: NetworkNamespace, name?: string): Link {
    const target = MemoryNamespace.modelOf(to);
    return this.#change((model) => moveLink(model, index, target, name));
  }

  removeLink(index: number): void {
    this.#change((model) => removeLink(model, index));
  }

  bridgePort(index: number): BridgePort | undefined {
    return this.#read((model) => describePort(model.links.get(index)));
  }

  changeBridgePort(index: number, change: BridgePortChange): void {
    const attempt = `change bridge port ${index} (${Object.keys(change).join(', ')})`;
    requireLinkIndex(attempt, index);
    this.#change((model) => changePort(attempt, model, index, change));
  }

  addPortVlans(index: number, vlans: readonly VlanRange[]): void {
    if (vlans.length === 0) return;
    const attempt = `add VLANs to bridge port ${index}`;
    requireLinkIndex(attempt, index);
    this.#change((model) => addVlans(attempt, model, index, vlans));
  }

  removePortVlans(index: number, vlans: readonly VlanRange[]): void {
    if (vlans.length === 0) return;
    const attempt = `remove VLANs from bridge port ${index}`;
    requireLinkIndex(attempt, index);
    this.#change((model) => removeVlans(attempt, model, index, vlans));
  }

  addresses(index?: number): AssignedAddress[] {
    return this.#read((model) =>
      [...model.links.values()]
        .filter((link) => index === undefined || link.index === index)
        .flatMap((link) =>
          link.addresses.map(({ prefix, state, scope }) => ({ prefix, index: link.index, state, scope })),
        )
        .sort((a, b) => Number(a.prefix.includes(':')) - Number(b.prefix.includes(':'))),
    );
  }

  addAddress(index: number, prefix: IpPrefix, flags: AddressFlags = {}): void {
    const attempt = `add ${prefix} to link ${index}`;
    requireLinkIndex(attempt, index);
    this.#change((model) => addAddress(attempt, model, index, prefix, flags));
  }

  removeAddress(index: number, prefix: IpPrefix): void {
    const attempt = `remove ${prefix} from link ${index}`;
    requireLinkIndex(attempt, index);
    this.#change((model) => removeAddress(attempt, model, index, prefix));
  }

  routes(filter?: RouteFilter): Route[] {
    return this.#read((model) => listRoutes(model, filter));
  }

  addRoute(route: Route): void {
    this.#change((model) => addRoute(model, route));
  }

  replaceRoute(route: Route): void {
    this.#change((model) => replaceRoute(model, route));
  }

  removeRoute(route: Route): void {
    this.#change((model) => removeRoute(model, route));
  }

  readSysctl(key: string): string {
    return this.#read((model) => readSysctl(model, key));
  }

  writeSysctl(key: string, value: string): void {
    this.#change((model) => writeSysctl(model, key, value));
  }

  waitUntilUp(index: number, _timeoutMilliseconds: number): void {
    this.#read((model) => waitUntilUp(model, index));
  }

  waitUntilUsable(index: number, _timeoutMilliseconds: number): void {
    this.#change((model) => waitUntilUsable(model, index));
  }

  close(): void {
    if (this.#closed || this.#onClose === undefined) return;
    this.#closed = true;
    this.#onClose();
  }

  static modelOf(namespace: NetworkNamespace): NamespaceModel {
    if (!(namespace instanceof MemoryNamespace)) throw new TypeError('this network namespace is of another kernel');
    return namespace.#read((model) => model);
  }

  #read<T>(action: (model: NamespaceModel) => T): T {
    if (this.#closed) refuse(`use network namespace ${this.path}`, 'EBADF', 'the namespace was closed');
    return action(this.#model);
  }

  /** Also where it fails half-way: what was done until then has its consequences. */
  #change<T>(action: (model: NamespaceModel) => T): T {
    try {
      return this.#read(action);
    } finally {
      settle(this.#model.world);
    }
  }
}
