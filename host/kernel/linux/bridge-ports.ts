import type { Decoded } from '../../netlink/codec.ts';
import {
  BRIDGE_VLAN_INFO_PVID,
  BRIDGE_VLAN_INFO_RANGE_BEGIN,
  BRIDGE_VLAN_INFO_RANGE_END,
  BRIDGE_VLAN_INFO_UNTAGGED,
  BRIDGE_VLANDB_DUMPF_STATS,
  bridgePortMessage,
  portAttributes,
  vlanAnswer,
  type vlanInfo,
  vlanQuestion,
} from '../../netlink/route/bridge-port.ts';
import { AF_BRIDGE, RTM_DELLINK, RTM_GETLINK, RTM_GETVLAN, RTM_SETLINK } from '../../netlink/route/family.ts';
import { linkMessage, RTEXT_FILTER_SKIP_STATS } from '../../netlink/route/link.ts';
import type { Writable } from '../../system/writable.ts';
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

/** In the order of their ids. None where the kernel has no VLAN filtering, and where the link is none, or no port, any more. */
function listPortVlans(channel: NamespaceChannel, index: number): VlanRange[] {
  const attempt = `list VLANs of bridge port ${index}`;
  const message = { encode: vlanQuestion.encode, decode: vlanAnswer.decode };
  const values = { family: AF_BRIDGE, index, flags: BRIDGE_VLANDB_DUMPF_STATS };
  const answers = channel.list({ attempt, type: RTM_GETVLAN, message, values }, ['EOPNOTSUPP', 'ENODEV', 'EINVAL']);
  return joined(answers.flatMap(({ entries = [] }) => entries.flatMap(({ info }) => info ?? [])));
}

/** What follows one another and is had alike, as one range. A PVID is by itself. */
function joined(vlans: readonly VlanInfo[]): VlanRange[] {
  const ranges: Writable<VlanRange>[] = [];
  for (const { flags, id } of vlans) {
    const [pvid, untagged] = [(flags & BRIDGE_VLAN_INFO_PVID) !== 0, (flags & BRIDGE_VLAN_INFO_UNTAGGED) !== 0];
    const last = ranges.at(-1);
    if (last !== undefined && last.last + 1 === id && !last.pvid && !pvid && last.untagged === untagged) last.last = id;
    else ranges.push({ first: id, last: id, pvid, untagged });
  }
  return ranges;
}

function encodeRange({ first, last, pvid, untagged }: VlanRange): VlanInfo[] {
  const flags = (pvid ? BRIDGE_VLAN_INFO_PVID : 0) | (untagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0);
  if (first === last) return [{ flags, id: first }];
  return [
    { flags: flags | BRIDGE_VLAN_INFO_RANGE_BEGIN, id: first },
    { flags: flags | BRIDGE_VLAN_INFO_RANGE_END, id: last },
  ];
}
