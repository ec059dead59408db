import { Some } from 'bulkhead-sdk/abi/values';
import { expect, fail, orFail } from 'bulkhead-sdk/failure';
import { toPort } from 'bulkhead-sdk/link-changes';
import { LinkSetup } from 'bulkhead-sdk/link-setup';
import { findLinkAt } from 'bulkhead-sdk/links';
import { MacAddress } from 'bulkhead-sdk/mac';
import * as bridgePorts from 'wit/net/bridge-ports';
import { create, Created, LinkPlan, NewLink, VethOptions } from 'wit/net/link-control';
import { Link, LinkDetailsTag, OperState, waitUntilUp } from 'wit/net/links';
import { Netns } from 'wit/net/namespaces';
import { FaultCode } from 'wit/net/types';
import { Settings } from './settings';
import { joinVlans } from './vlans';

const longestWait: u32 = 2_550;

/** A veth pair: the container's interface, and the name of the other end, which is in the host. */
export class Pair {
  constructor(
    readonly container: Link,
    readonly port: Port,
  ) {}
}

/** The host's end of a veth pair. */
export class Port {
  constructor(
    readonly index: u32,
    readonly name: string,
  ) {}
}

/** Makes the veth pair: the container's interface, with the other end in the host. */
export function createPair(ns: Netns, host: Netns, name: string, mtu: u32, mac: MacAddress | null): Pair {
  const options = new VethOptions();
  options.peerNamespace = host;
  const link = new NewLink();
  link.name = name;
  link.mac = mac;
  if (mtu !== 0) {
    link.mtu = new Some<u32>(mtu);
    options.peerMtu = new Some<u32>(mtu);
  }
  link.plan = LinkPlan.veth(options);
  const created = create(ns, link);
  if (!created.failed) return pairOf(created.value);
  const reason = created.error.message;
  if (created.error.code !== FaultCode.Exists) return fail<Pair>(`failed to make veth pair: ${reason}`);
  return fail<Pair>(`container veth name ("${name}") already exists: ${reason}`);
}

function pairOf(created: Created): Pair {
  const container = created.link;
  const missing = `failed to lookup the other end of "${container.name}": Link not found`;
  const peerName = expect<string>(created.peerName, missing);
  return new Pair(container, new Port(container.details.veth.peerIndex, peerName));
}

/** The other end of a veth pair; null where there is none in the host. */
export function otherEnd(host: Netns, end: Link): Link | null {
  if (end.details.tag !== LinkDetailsTag.Veth) return null;
  return findLinkAt(host, end.details.veth.peerIndex);
}

/** Makes the host's end of the pair a port of the bridge, and sets it up. */
export function connectPort(host: Netns, port: Port, bridge: Link, settings: Settings): void {
  const setup = new LinkSetup(host, port.index);
  setup.trySetting(`ipv6/conf/${port.name}/accept_ra`, '0');
  setup.change(toPort(bridge.index), `failed to connect "${port.name}" to bridge ${bridge.name}`);
  setup.apply();
  // A new port is neither a hairpin nor isolated.
  if (settings.hairpinMode) setHairpin(host, port);
  if (settings.portIsolation) isolate(host, port);
  joinVlans(host, port, settings.vlans);
}

/** A port that comes up does not forward at once. */
export function waitForPort(host: Netns, port: Port): void {
  const waited = waitUntilUp(host, port.index, longestWait);
  if (!waited.failed) return;
  if (waited.error.code !== FaultCode.TimedOut) fail(`failed to wait for bridge port: ${waited.error.message}`);
  const current = findLinkAt(host, port.index);
  fail(`bridge port in error state: ${current === null ? 'not-present' : stateName(current.state)}`);
}

function setHairpin(host: Netns, port: Port): void {
  const hairpin = new bridgePorts.PortChange();
  hairpin.hairpin = new Some<bool>(true);
  orFail(bridgePorts.change(host, port.index, hairpin), `failed to setup hairpin mode for ${port.name}`);
}

function isolate(host: Netns, port: Port): void {
  const isolated = new bridgePorts.PortChange();
  isolated.isolated = new Some<bool>(true);
  orFail(bridgePorts.change(host, port.index, isolated), `failed to set isolated on for ${port.name}`);
}

/** As `ip link` says it. */
function stateName(state: OperState): string {
  const names = ['unknown', 'not-present', 'down', 'lower-layer-down', 'testing', 'dormant', 'up'];
  return names[<i32>state];
}
