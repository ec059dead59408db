import type { IpPrefix } from '../../net/prefix.ts';
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
import { addAddress, listAddresses, removeAddress } from './addresses.ts';
import { addPortVlans, changeBridgePort, findBridgePort, removePortVlans } from './bridge-ports.ts';
import {
  changeLink,
  createLink,
  findLinkByIndex,
  findLinkByName,
  type LinkRemoval,
  listLinks,
  moveLink,
  removeLink,
  removeLinks,
} from './links.ts';
import type { NamespaceChannel } from './namespace-channel.ts';
import { addRoute, listRoutes, removeRoute, replaceRoute } from './routes.ts';
import { LinuxRuleset } from './ruleset.ts';
import { readSysctl, writeSysctl } from './sysctls.ts';
import { waitUntilUp, waitUntilUsable } from './waits.ts';

/** A handle of a network namespace of this machine. Each method is a function of its own in the file named after its subject. */
export class LinuxNamespace implements NetworkNamespace {
  readonly path: string;
  readonly #channel: NamespaceChannel;
  readonly #onClose: () => void;
  readonly #handOver: ((removal: LinkRemoval) => void) | undefined;
  #ruleset: LinuxRuleset | undefined;

  constructor(channel: NamespaceChannel, onClose: () => void, handOver?: (removal: LinkRemoval) => void) {
    this.path = channel.path;
    this.#channel = channel;
    this.#onClose = onClose;
    this.#handOver = handOver;
  }

  get cookie(): bigint {
    return this.#channel.cookie;
  }

  get ruleset(): LinuxRuleset {
    this.#ruleset ??= new LinuxRuleset(this.#channel.netfilter);
    return this.#ruleset;
  }

  links(): Link[] {
    return listLinks(this.#channel);
  }

  linkByName(name: string): Link | undefined {
    return findLinkByName(this.#channel, name);
  }

  linkByIndex(index: number): Link | undefined {
    return findLinkByIndex(this.#channel, index);
  }

  createLink(link: NewLink): Link {
    const { plan } = link;
    const peer = plan.kind === 'veth' ? channelOf(plan.peerNamespace) : undefined;
    const parent = 'parent' in plan ? channelOf(plan.parent.namespace) : undefined;
    return createLink({ target: this.#channel, peer, parent }, link);
  }

  changeLink(index: number, change: LinkChange): void {
    changeLink(this.#channel, index, change);
  }

  together(steps: readonly (() => void)[]): void {
    this.#channel.together(steps);
  }

  moveLink(index: number, to: NetworkNamespace, name?: string): Link {
    return moveLink(this.#channel, index, channelOf(to), name);
  }

  removeLink(index: number): void {
    removeLink(this.#channel, index, this.#handOver);
  }

  /** Several while this thread goes on, for which the kernel waits once. Those that are gone meanwhile are no failure. Rejects with KernelError. */
  removeLinks(indexes: readonly number[]): Promise<void> {
    return removeLinks(this.#channel, indexes);
  }

  bridgePort(index: number): BridgePort | undefined {
    return findBridgePort(this.#channel, index);
  }

  changeBridgePort(index: number, change: BridgePortChange): void {
    changeBridgePort(this.#channel, index, change);
  }

  addPortVlans(index: number, vlans: readonly VlanRange[]): void {
    addPortVlans(this.#channel, index, vlans);
  }

  removePortVlans(index: number, vlans: readonly VlanRange[]): void {
    removePortVlans(this.#channel, index, vlans);
  }

  addresses(index?: number): AssignedAddress[] {
    return listAddresses(this.#channel, index);
  }

  addAddress(index: number, prefix: IpPrefix, flags?: AddressFlags): void {
    addAddress(this.#channel, index, prefix, flags);
  }

  removeAddress(index: number, prefix: IpPrefix): void {
    removeAddress(this.#channel, index, prefix);
  }

  routes(filter?: RouteFilter): Route[] {
    return listRoutes(this.#channel, filter);
  }

  addRoute(route: Route): void {
    addRoute(this.#channel, route);
  }

  replaceRoute(route: Route): void {
    replaceRoute(this.#channel, route);
  }

  removeRoute(route: Route): void {
    removeRoute(this.#channel, route);
  }

  readSysctl(key: string): string {
    return readSysctl(this.#channel, key);
  }

  writeSysctl(key: string, value: string): void {
    writeSysctl(this.#channel, key, value);
  }

  waitUntilUp(index: number, timeoutMilliseconds: number): void {
    waitUntilUp(this.#channel, index, timeoutMilliseconds);
  }

  waitUntilUsable(index: number, timeoutMilliseconds: number): void {
    waitUntilUsable(this.#channel, index, timeoutMilliseconds);
  }

  close(): void {
    this.#onClose();
  }

  static channelOf(namespace: NetworkNamespace): NamespaceChannel {
    if (!(namespace instanceof LinuxNamespace)) throw new TypeError('this network namespace is of another kernel');
    return namespace.#channel;
  }
}

const { channelOf } = LinuxNamespace;
