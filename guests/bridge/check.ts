import { ensure, expect, fail, orFail } from 'bulkhead-sdk/failure';
import { findLink } from 'bulkhead-sdk/links';
import { formatMac, MacAddress } from 'bulkhead-sdk/mac';
import { Call } from 'bulkhead-sdk/plugin';
import { openSandbox } from 'bulkhead-sdk/sandbox';
import { Address, InterfaceInfo, Outcome } from 'wit/cni/types';
import * as bridgePorts from 'wit/net/bridge-ports';
import * as host from 'wit/net/host';
import { Link, LinkDetailsTag } from 'wit/net/links';
import * as macGuard from 'wit/net/mac-guard';
import { Netns } from 'wit/net/namespaces';
import { checkAddresses, isOn } from './check-addresses';
import { checkRoutes } from './check-routes';
import { checkMasquerade } from './masquerade';
import { otherEnd } from './port';
import { Settings } from './settings';
import { checkVlans } from './vlans';

/** Fails where the bridge, the container's interface, the port, an address or a route of the ADD is not as it was made. */
export function checkAttachment(call: Call, settings: Settings): void {
  const previous = expect<Outcome>(call.previous, 'Required prevResult missing');
  const hostNs = host.open();
  const containerNs = openSandbox();

  const bridge = checkBridge(hostNs, previous, settings);
  const position = containerPosition(previous, call.interfaceName, containerNs.path());
  ensure(position >= 0, `CNI created interface in container ${call.interfaceName} not found`);
  const container = checkContainer(containerNs, previous.interfaces[position]);
  const port = checkPort(hostNs, container, bridge, previous, settings);
  if (settings.guardsMac) checkMacGuard(port, container);
  checkAddresses(containerNs, container, previous, position);
  checkRoutes(containerNs, previous);
  if (settings.masquerade && settings.hasAddresses) checkMasquerade(addressesOn(previous, position));
}

/** A bridge that is no gateway changes its hardware address with its ports. */
function checkBridge(hostNs: Netns, previous: Outcome, settings: Settings): Link {
  const name = settings.bridge;
  const info = expect<InterfaceInfo>(
    hostInterfaceOf(previous, name),
    `CNI created bridge ${name} in host namespace was not found`,
  );
  const bridge = expect<Link>(findLink(hostNs, name), `Interface name ${name} not found`);
  ensure(bridge.kind === 'bridge', `Interface ${name} does not have link type of bridge`);
  const isPinned = settings.isGateway && settings.hasAddresses;
  if (isPinned) ensure(hasMac(bridge, info), `Bridge interface ${name} Mac doesn't match: ${macOf(bridge)}`);
  if (settings.promiscMode && !bridge.promiscuous) {
    fail(`Bridge interface ${name} configured Promisc Mode true doesn't match current state: false `);
  }
  return bridge;
}

function checkContainer(containerNs: Netns, info: InterfaceInfo): Link {
  const link = expect<Link>(findLink(containerNs, info.name), `Interface name ${info.name} not found`);
  const isVeth = link.details.tag === LinkDetailsTag.Veth;
  ensure(isVeth, `Error: Container interface ${info.name} not of type veth`);
  const mac = info.mac;
  const named = mac === null ? '' : mac;
  ensure(hasMac(link, info), `Interface ${info.name} Mac ${named} doesn't match container Mac: ${macOf(link)}`);
  return link;
}

/** The other end of the container's interface is a port of the bridge, the one that the ADD named, and set as it was. */
function checkPort(hostNs: Netns, container: Link, bridge: Link, previous: Outcome, settings: Settings): Link {
  const missing = `CNI veth created for bridge ${bridge.name} was not found`;
  const port = expect<Link>(otherEnd(hostNs, container), missing);
  const controller = port.controller;
  ensure(controller !== null && controller.value === bridge.index, missing);
  const info = expect<InterfaceInfo>(hostInterfaceOf(previous, port.name), missing);
  ensure(hasMac(port, info), `Interface ${port.name} Mac doesn't match: ${macOf(port)} not found`);
  const flags = orFail(bridgePorts.read(hostNs, port.index), `failed to look up bridge port ${port.name}`);
  ensure(
    flags !== null && flags.hairpin === settings.hairpinMode,
    `Interface ${port.name} has not the hairpin mode ${settings.hairpinMode}`,
  );
  ensure(
    flags !== null && flags.isolated === settings.portIsolation,
    `Interface ${port.name} has not the isolation ${settings.portIsolation}`,
  );
  checkVlans(hostNs, port, settings.vlans);
  return port;
}

function checkMacGuard(port: Link, container: Link): void {
  const mac = expect<MacAddress>(container.mac, `"${container.name}" has no hardware address`);
  const found = orFail(macGuard.problems(port.index, mac), 'failed to look at spoof-check');
  if (found.length > 0) fail(found.join('; '));
}

/** An address that names no interface is of the only one there was: the container's. */
function addressesOn(previous: Outcome, position: i32): Address[] {
  const found: Address[] = [];
  for (let i = 0; i < previous.addresses.length; i++)
    if (isOn(previous.addresses[i], position)) found.push(previous.addresses[i]);
  return found;
}

/** Null where the ADD named no such interface of the host. */
function hostInterfaceOf(previous: Outcome, name: string): InterfaceInfo | null {
  for (let i = previous.interfaces.length - 1; i >= 0; i--) {
    const info = previous.interfaces[i];
    if (info.name === name && info.sandbox === '') return info;
  }
  return null;
}

/** -1 where the ADD named no such interface of the container. */
function containerPosition(previous: Outcome, name: string, sandbox: string): i32 {
  for (let i = previous.interfaces.length - 1; i >= 0; i--) {
    const info = previous.interfaces[i];
    if (info.name === name && info.sandbox === sandbox) return i;
  }
  for (let i = 0; i < previous.interfaces.length; i++) {
    const info = previous.interfaces[i];
    if (info.name !== name || info.sandbox === '') continue;
    fail(`Sandbox in prevResult ${info.sandbox} doesn't match configured netns: ${sandbox}`);
  }
  return -1;
}

/** Whether the link has the hardware address that the ADD named, if it named one. */
function hasMac(link: Link, info: InterfaceInfo): bool {
  const mac = info.mac;
  return mac === null || mac.toLowerCase() === macOf(link);
}

function macOf(link: Link): string {
  const mac = link.mac;
  return mac === null ? '' : formatMac(mac);
}
