import type { Decoded } from '../../netlink/codec.ts';
import {
  BRIDGE_VLAN_INFO_PVID,
  BRIDGE_VLAN_INFO_RANGE_BEGIN,
  BRIDGE_VLAN_INFO_RANGE_END,
  BRIDGE_VLAN_INFO_UNTAGGED,
  bridgePortMessage,
  portAttributes,
  type vlanInfo,
} from '../../netlink/route/bridge-port.ts';
import { AF_BRIDGE, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK } from '../../netlink/route/family.ts';
import { linkMessage, RTEXT_FILTER_BRVLAN_COMPRESSED, RTEXT_FILTER_SKIP_STATS } from '../../netlink/route/link.ts';
import type { BridgePort, BridgePortChange, VlanRange } from '../kernel.ts';
import { requireLinkIndex } from '../link-names.ts';
import type { NamespaceChannel } from './namespace-channel.ts';

type PortAnswer = Decoded<typeof bridgePortMessage>;
type VlanInfo = Decoded<typeof vlanInfo>;

export function findBridgePort(channel: NamespaceChannel, index: number): BridgePort | undefined {
  const attempt = `look up bridge port ${index}`;
  if (!Number.isInteger(index) || index <= 0 || index > 0x7fff_ffff) return undefined;
  const values = { index, extensionMask: RTEXT_FILTER_SKIP_STATS };
  const answer = channel.find({ attempt, type: RTM_GETLINK, message: linkMessage, values }, ['ENODEV']);
  if (answer?.info?.portKind !== 'bridge') return undefined;
  const { hairpin, isolated } = portAttributes.decode(answer.info.portData ?? new Uint8Array(0));
  return { hairpin: hairpin === 1, isolated: isolated === 1, vlans: listPortVlans(channel, index) };
}

export function changeBridgePort(channel: NamespaceChannel, index: number, change: BridgePortChange): void {
  const bit = (value: boolean | undefined) => (value === undefined ? undefined : Number(value));
  const protocolInfo = { hairpin: bit(change.hairpin), isolated: bit(change.isolated) };
  setPort(channel, `change bridge port ${index} (${Object.keys(change).join(', ')})`, RTM_SETLINK, {
    index,
    protocolInfo,
  });
}

export function addPortVlans(channel: NamespaceChannel, index: number, vlans: readonly VlanRange[]): void {
  setVlans(channel, `add VLANs to bridge port ${index}`, RTM_SETLINK, index, vlans);
}

export function removePortVlans(channel: NamespaceChannel, index: number, vlans: readonly VlanRange[]): void {
  setVlans(channel, `remove VLANs from bridge port ${index}`, RTM_DELLINK, index, vlans);
}

function setVlans(
  channel: NamespaceChannel,
  attempt: string,
  type: number,
  index: number,
  vlans: readonly VlanRange[],
): void {
  // The kernel refuses an empty specification; nothing to do is no error here.
  if (vlans.length === 0) return;
  setPort(channel, attempt, type, { index, specification: { vlans: vlans.flatMap(encodeRange) } });
}

function setPort(channel: NamespaceChannel, attempt: string, type: number, values: Partial<PortAnswer>): void {
  requireLinkIndex(attempt, values.index ?? 0);
  channel.execute({ attempt, type, message: bridgePortMessage, values: { family: AF_BRIDGE, ...values } });
}

/** VLANs come with a dump of all ports; the kernel has no filter for it. */
function listPortVlans(channel: NamespaceChannel, index: number): VlanRange[] {
  const values = { family: AF_BRIDGE, extensionMask: RTEXT_FILTER_BRVLAN_COMPRESSED };
  const ports = channel.list({ attempt: 'list bridge ports', type: RTM_GETLINK, message: bridgePortMessage, values });
  return decodeRanges(ports.find((port) => port.index === index)?.specification?.vlans ?? []);
}

function encodeRange({ first, last, pvid, untagged }: VlanRange): VlanInfo[] {
  const flags = (pvid ? BRIDGE_VLAN_INFO_PVID : 0) | (untagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0);
  if (first === last) return [{ flags, id: first }];
  return [
    { flags: flags | BRIDGE_VLAN_INFO_RANGE_BEGIN, id: first },
    { flags: flags | BRIDGE_VLAN_INFO_RANGE_END, id: last },
  ];
}

function decodeRanges(entries: readonly VlanInfo[]): VlanRange[] {
  const ranges: VlanRange[] = [];
  let begin: number | undefined;
  for (const { flags, id } of entries) {
    if (flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) {
      begin = id;
      continue;
    }
    const pvid = (flags & BRIDGE_VLAN_INFO_PVID) !== 0;
    ranges.push({ first: begin ?? id, last: id, pvid, untagged: (flags & BRIDGE_VLAN_INFO_UNTAGGED) !== 0 });
    begin = undefined;
  }
  return ranges;
}
