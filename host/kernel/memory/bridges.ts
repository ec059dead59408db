import { type MacAddress, parseMac } from '../../net/mac.ts';
import type { BridgePort, BridgePortChange, VlanRange } from '../kernel.ts';
import { refuse } from './failure.ts';
import { followMtu } from './lifecycle.ts';
import { type LinkModel, type NamespaceModel, type PortModel, portsOf } from './model.ts';

/** net/bridge/br_vlan.c: BR_VLAN default_pvid, and the last VLAN id that may be used. */
const defaultPvid: VlanRange = { first: 1, last: 1, pvid: true, untagged: true };
const lastVlan = 4094;
export const zeroMac = parseMac('00:00:00:00:00:00') as MacAddress;

export function freshPort(): PortModel {
  return { hairpin: false, isolated: false, vlans: [] };
}

/** do_set_master (net/core/rtnetlink.c): out of the old one first, even where the new one refuses. */
export function setController(attempt: string, link: LinkModel, index: number): void {
  if (index === 0) {
    leaveController(link);
    return;
  }
  const bridge = link.namespace.links.get(index);
  if (link.controller !== undefined && link.controller === bridge) return;
  leaveController(link);
  if (bridge === undefined) refuse(attempt, 'EINVAL');
  if (bridge.body.kind !== 'bridge') refuse(attempt, 'EOPNOTSUPP');
  // A bridge that has lost all ports has no address.
  if (link.body.kind === 'loopback' || link.mac === zeroMac) refuse(attempt, 'EINVAL');
  if (link.body.kind === 'bridge') refuse(attempt, 'ELOOP', 'Can not enslave a bridge to a bridge');
  link.controller = bridge;
  link.port = { ...freshPort(), vlans: link.namespace.world.bridgeVlans ? [defaultPvid] : [] };
  followPorts(bridge);
}

export function leaveController(link: LinkModel): void {
  const bridge = link.controller;
  if (bridge === undefined) return;
  link.controller = undefined;
  link.port = freshPort();
  if (bridge.body.kind === 'bridge') bridge.body.portsCounted = true;
  followPorts(bridge);
}

/** br_stp_recalculate_bridge_id, br_mtu_auto_adjust (net/bridge): what nobody chose follows the ports. */
export function followPorts(bridge: LinkModel): void {
  if (bridge.body.kind !== 'bridge') return;
  const ports = portsOf(bridge);
  if (!bridge.body.macChosen) setBridgeMac(bridge, ports.map(({ mac }) => mac).sort()[0] ?? zeroMac);
  const mtu = ports.length === 0 ? 1500 : Math.min(...ports.map((port) => port.mtu));
  if (bridge.body.mtuChosen || bridge.mtu === mtu) return;
  bridge.mtu = mtu;
  followMtu(bridge);
}

/** br_stp_change_bridge_id: a new address makes the bridge look at its ports. */
export function setBridgeMac(bridge: LinkModel, mac: MacAddress): void {
  if (bridge.body.kind === 'bridge' && bridge.mac !== mac) bridge.body.portsCounted = true;
  bridge.mac = mac;
}

export function describePort(link: LinkModel | undefined): BridgePort | undefined {
  if (link?.controller === undefined) return undefined;
  return { hairpin: link.port.hairpin, isolated: link.port.isolated, vlans: [...link.port.vlans] };
}

export function changePort(attempt: string, namespace: NamespaceModel, index: number, change: BridgePortChange): void {
  const link = namespace.links.get(index);
  if (link === undefined) refuse(attempt, 'ENODEV', 'unknown ifindex');
  if (link.controller === undefined) refuse(attempt, 'EOPNOTSUPP');
  link.port = { ...link.port, ...change };
}

/** Adding to a kernel without VLAN filtering is refused, removing is not: there is nothing to remove. */
export function addVlans(attempt: string, namespace: NamespaceModel, index: number, vlans: readonly VlanRange[]): void {
  const port = vlanPort(attempt, namespace, index);
  if (vlans.length > 0 && !namespace.world.bridgeVlans) refuse(attempt, 'EOPNOTSUPP');
  for (const range of vlans) checkRange(attempt, range);
  for (const range of vlans) port.vlans = normalize([...without(port.vlans, range), range], range.pvid);
}

export function removeVlans(
  attempt: string,
  namespace: NamespaceModel,
  index: number,
  vlans: readonly VlanRange[],
): void {
  const port = vlanPort(attempt, namespace, index);
  for (const range of vlans) checkRange(attempt, range);
  for (const range of vlans) port.vlans = without(port.vlans, range);
}

function vlanPort(attempt: string, namespace: NamespaceModel, index: number): PortModel {
  changePort(attempt, namespace, index, {});
  return namespace.links.get(index)?.port ?? freshPort();
}

function checkRange(attempt: string, { first, last, pvid }: VlanRange): void {
  const sound = first >= 1 && last <= lastVlan && first <= last;
  if (!sound || (pvid && first !== last)) refuse(attempt, 'EINVAL');
}

function without(ranges: readonly VlanRange[], { first, last }: VlanRange): VlanRange[] {
  return ranges.flatMap((range) =>
    [
      { ...range, last: Math.min(range.last, first - 1) },
      { ...range, first: Math.max(range.first, last + 1) },
    ].filter((part) => part.first <= part.last),
  );
}

/** In order; one PVID at most, the newest. Neighbours with the same flags are one range, as in the compressed listing. */
function normalize(ranges: readonly VlanRange[], newPvid: boolean): VlanRange[] {
  const newest = ranges.at(-1);
  const marked = ranges.map((range) => (newPvid && range !== newest ? { ...range, pvid: false } : range));
  const merged: VlanRange[] = [];
  for (const range of marked.sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    const joins = before?.last === range.first - 1 && before.untagged === range.untagged && !before.pvid && !range.pvid;
    if (before && joins) merged.splice(-1, 1, { ...before, last: range.last });
    else merged.push(range);
  }
  return merged;
}
