import type { MacAddress } from '../../net/mac.ts';
import type { Link, LinkChange, NewLink } from '../kernel.ts';
import { requireLinkIndex, requireLinkName } from '../link-names.ts';
import { followPorts, freshPort, leaveController, setBridgeMac, setController } from './bridges.ts';
import { copyConfiguration } from './configuration.ts';
import { refuse } from './failure.ts';
import { bringUp, followMtu, takeDown } from './lifecycle.ts';
import { checkMac, checkMtu, drawMac } from './link-limits.ts';
import { describeLink } from './link-state.ts';
import { findLink, type LinkBody, type LinkModel, leastIpv6Mtu, type NamespaceModel } from './model.ts';

const longestAlias = 255;
const defaultQueue: Record<LinkBody['kind'], number> = {
  loopback: 1000,
  veth: 1000,
  bridge: 1000,
  dummy: 1000,
  ifb: 32,
};

export function createLink(namespace: NamespaceModel, link: NewLink, peerNamespace: NamespaceModel | undefined): Link {
  const { plan } = link;
  const peerName = plan.kind === 'veth' ? plan.peerName : undefined;
  const attempt = `create ${plan.kind} "${link.name}"${peerName === undefined ? '' : ` with peer "${peerName}"`}`;
  requireLinkName(attempt, link.name);
  if (peerName !== undefined) requireLinkName(attempt, peerName);
  if (findLink(namespace, link.name)) refuse(attempt, 'EEXIST', `link "${link.name}" exists`);
  const wantsVlans = plan.kind === 'bridge' && plan.vlanFiltering !== undefined;
  if (wantsVlans && !namespace.world.bridgeVlans) refuse(attempt, 'EOPNOTSUPP');
  const { mac = drawMac(namespace.world), mtu = 1500 } = link;
  const body = makeBody(attempt, link);
  checkMtu(attempt, body.kind, mtu);
  checkMac(attempt, body.kind, mac);
  if (plan.kind === 'veth' && peerNamespace !== undefined) {
    const { peerMtu = 1500 } = plan;
    checkMtu(attempt, 'veth', peerMtu);
    const taken =
      findLink(peerNamespace, plan.peerName) ?? (peerNamespace === namespace && link.name === plan.peerName);
    if (taken) refuse(attempt, 'EEXIST', `link "${plan.peerName}" exists`);
    // The peer is made first, as in the kernel, and gets the lower index.
    const peer = { name: plan.peerName, mtu: peerMtu, mac: drawMac(namespace.world), body: makeBody(attempt, link) };
    join(insert(peerNamespace, peer), insert(namespace, { name: link.name, mtu, mac, body }));
  } else insert(namespace, { name: link.name, mtu, mac, body });
  const made = findLink(namespace, link.name) ?? refuse(attempt, 'ENODEV');
  if (link.transmitQueueLength !== undefined) made.transmitQueueLength = link.transmitQueueLength;
  return describeLink(made);
}

/** do_setlink (net/core/rtnetlink.c), in its order: a failure leaves what came before it. */
export function changeLink(namespace: NamespaceModel, index: number, change: LinkChange): void {
  const attempt = `change link ${index} (${Object.keys(change).join(', ')})`;
  const link = requireLink(attempt, namespace, index);
  if (change.name !== undefined) requireLinkName(attempt, change.name);
  if (change.alias !== undefined && new TextEncoder().encode(change.alias).length > longestAlias) {
    refuse(attempt, 'ERANGE', 'Attribute failed policy validation');
  }
  if (change.alias?.includes('\0')) refuse(attempt, 'EINVAL');
  if (change.mac !== undefined) setMac(attempt, link, change.mac);
  if (change.mtu !== undefined) setMtu(attempt, link, change.mtu);
  if (change.name !== undefined && change.name !== link.name) {
    if (findLink(namespace, change.name)) refuse(attempt, 'EEXIST');
    link.name = change.name;
  }
  if (change.alias !== undefined) link.alias = change.alias;
  if (change.controller !== undefined) setController(attempt, link, change.controller);
  if (change.promiscuous !== undefined) link.promiscuous = change.promiscuous;
  if (change.allMulticast !== undefined) link.allMulticast = change.allMulticast;
  if (change.up !== undefined) (change.up ? bringUp : takeDown)(link);
  if (change.transmitQueueLength !== undefined) link.transmitQueueLength = change.transmitQueueLength;
}

/** __dev_change_net_namespace (net/core/dev.c): down, without addresses, routes and controller; the index too, where it is free. */
export function moveLink(namespace: NamespaceModel, index: number, to: NamespaceModel, newName?: string): Link {
  const attempt = `move link ${index}`;
  if (newName !== undefined) requireLinkName(attempt, newName);
  const link = requireLink(attempt, namespace, index);
  const name = newName ?? link.name;
  const holder = findLink(to, name);
  if (holder !== undefined && holder !== link) refuse(attempt, 'EEXIST', `link "${name}" exists`);
  if (to !== namespace) {
    if (link.body.kind === 'loopback' || link.body.kind === 'bridge') {
      refuse(attempt, 'EINVAL', 'The interface netns is immutable');
    }
    detach(link);
    namespace.links.delete(index);
    link.namespace = to;
    link.index = to.links.has(index) ? takeIndex(to) : index;
    to.links.set(link.index, link);
    startConfiguration(link);
  }
  link.name = name;
  return describeLink(link);
}

export function removeLink(namespace: NamespaceModel, index: number): void {
  const attempt = `remove link ${index}`;
  const link = requireLink(attempt, namespace, index);
  if (link.body.kind === 'loopback') refuse(attempt, 'EOPNOTSUPP');
  destroyLink(link);
}

/** Takes the link out of the world, whatever it is; of a veth, both ends. */
export function destroyLink(link: LinkModel): void {
  if (link.namespace.links.get(link.index) !== link) return;
  for (const port of [...link.namespace.links.values()]) if (port.controller === link) leaveController(port);
  detach(link);
  link.namespace.links.delete(link.index);
  if (link.body.kind === 'veth' && link.body.peer !== undefined) destroyLink(link.body.peer);
}

export function requireLink(attempt: string, namespace: NamespaceModel, index: number): LinkModel {
  requireLinkIndex(attempt, index);
  return namespace.links.get(index) ?? refuse(attempt, 'ENODEV');
}

export interface LinkSeed {
  readonly name: string;
  readonly mtu: number;
  readonly mac: MacAddress;
  readonly body: LinkBody;
}

export function insert(namespace: NamespaceModel, { name, mtu, mac, body }: LinkSeed): LinkModel {
  const link: LinkModel = {
    namespace,
    index: takeIndex(namespace),
    name,
    body,
    mac,
    mtu,
    up: false,
    promiscuous: false,
    allMulticast: false,
    transmitQueueLength: defaultQueue[body.kind],
    alias: '',
    controller: undefined,
    port: freshPort(),
    addresses: [],
    ipv4: copyConfiguration(namespace.ipv4.default),
    ipv6: undefined,
    ready: false,
  };
  namespace.links.set(link.index, link);
  startConfiguration(link);
  return link;
}

function startConfiguration(link: LinkModel): void {
  link.ipv4 = copyConfiguration(link.namespace.ipv4.default);
  link.ipv6 = undefined;
  if (link.mtu >= leastIpv6Mtu) followMtu(link);
}

function takeIndex(namespace: NamespaceModel): number {
  while (namespace.links.has(namespace.nextIndex)) namespace.nextIndex += 1;
  return namespace.nextIndex++;
}

function join(a: LinkModel, b: LinkModel): void {
  if (a.body.kind !== 'veth' || b.body.kind !== 'veth') return;
  a.body.peer = b;
  b.body.peer = a;
}

function detach(link: LinkModel): void {
  takeDown(link);
  leaveController(link);
  link.addresses = [];
  const { routes } = link.namespace;
  routes.splice(0, routes.length, ...routes.filter((route) => route.link !== link));
}

function makeBody(attempt: string, { plan, mac }: NewLink): LinkBody {
  switch (plan.kind) {
    case 'veth':
      return { kind: 'veth', peer: undefined };
    case 'bridge':
      return {
        kind: 'bridge',
        vlanFiltering: plan.vlanFiltering ?? false,
        macChosen: mac !== undefined,
        mtuChosen: false,
        portsCounted: false,
      };
    case 'dummy':
    case 'ifb':
      return { kind: plan.kind };
    default:
      return refuse(attempt, 'EOPNOTSUPP', 'Unknown device type');
  }
}

function setMac(attempt: string, link: LinkModel, mac: MacAddress): void {
  checkMac(attempt, link.body.kind, mac);
  if (link.body.kind === 'bridge') link.body.macChosen = true;
  setBridgeMac(link, mac);
  if (link.controller !== undefined) followPorts(link.controller);
}

function setMtu(attempt: string, link: LinkModel, mtu: number): void {
  checkMtu(attempt, link.body.kind, mtu);
  link.mtu = mtu;
  if (link.body.kind === 'bridge') link.body.mtuChosen = true;
  followMtu(link);
  if (link.controller !== undefined) followPorts(link.controller);
}
