import { macBytes } from '../../net/mac.ts';
import {
  bridgeData,
  IFF_ALLMULTI,
  IFF_PROMISC,
  IFF_UP,
  ipvlanData,
  macvlanData,
  vethData,
  vlanData,
  vrfData,
} from '../../netlink/route/link.ts';
import type { IpvlanMode, LinkChange, LinkPlan, MacvlanMode, NewLink } from '../kernel.ts';
import type { LinkAnswer } from './link-reading.ts';

/** linux/if_link.h: MACVLAN_MODE_*, IPVLAN_MODE_* */
const macvlanModes: Record<MacvlanMode, number> = { private: 1, vepa: 2, bridge: 4, passthru: 8 };
const ipvlanModes: Record<IpvlanMode, number> = { l2: 0, l3: 1, l3s: 2 };
/** linux/if_ether.h */
const ETH_P_8021Q = 0x8100;

/** The attributes of a link message that makes the link. `peerDescriptor` is the namespace of the other end of a veth. */
export function encodeNewLink(link: NewLink, peerDescriptor: number | undefined): Partial<LinkAnswer> {
  return {
    name: link.name,
    mtu: link.mtu,
    address: link.mac && macBytes(link.mac),
    transmitQueueLength: link.transmitQueueLength,
    link: 'parent' in link.plan ? link.plan.parent.index : undefined,
    info: { kind: link.plan.kind, data: encodePlan(link.plan, peerDescriptor) },
  };
}

function encodePlan(plan: LinkPlan, peerDescriptor: number | undefined): Uint8Array | undefined {
  switch (plan.kind) {
    case 'bridge':
      return plan.vlanFiltering === undefined
        ? undefined
        : bridgeData.encode({ vlanFiltering: plan.vlanFiltering ? 1 : 0 });
    case 'veth':
      return vethData.encode({
        peer: { ...noHeader, name: plan.peerName, mtu: plan.peerMtu, namespaceDescriptor: peerDescriptor },
      });
    case 'macvlan':
      return macvlanData.encode({ mode: macvlanModes[plan.mode], broadcastQueueLength: plan.broadcastQueueLength });
    case 'ipvlan':
      return ipvlanData.encode({ mode: ipvlanModes[plan.mode] });
    case 'vlan':
      return vlanData.encode({ id: plan.id, protocol: ETH_P_8021Q });
    case 'vrf':
      return vrfData.encode({ table: plan.table });
    case 'dummy':
    case 'ifb':
      return undefined;
  }
}

const noHeader = { family: 0, type: 0, index: 0, flags: 0, change: 0 } as const;

/** The link message that changes what is given, and nothing else. */
export function encodeLinkChange(index: number, change: LinkChange): Partial<LinkAnswer> {
  const flags = [
    { value: change.up, flag: IFF_UP },
    { value: change.promiscuous, flag: IFF_PROMISC },
    { value: change.allMulticast, flag: IFF_ALLMULTI },
  ].filter(({ value }) => value !== undefined);
  return {
    index,
    flags: flags.reduce((bits, { value, flag }) => (value ? bits | flag : bits), 0),
    change: flags.reduce((bits, { flag }) => bits | flag, 0),
    name: change.name,
    mtu: change.mtu,
    address: change.mac && macBytes(change.mac),
    transmitQueueLength: change.transmitQueueLength,
    controller: change.controller,
    alias: change.alias,
  };
}
