import { attribute, attributes } from '../attributes.ts';
import { s32, u8, u16, u16be, u32 } from '../fixed.ts';
import { message } from '../message.ts';
import { binary, text, unterminatedText } from '../payload.ts';

/** linux/rtnetlink.h: `struct ifinfomsg`. `change` is the mask of the flags to change. */
export const linkHeader = { family: u8, type: u16, index: s32, flags: u32, change: u32 } as const;

/** linux/if_link.h: IFLA_INFO_*. What the data mean depends on the kind; see link-kinds.ts. */
export const linkInfo = attributes({
  kind: attribute(1, text),
  data: attribute(2, binary),
  portKind: attribute(4, text),
  portData: attribute(5, binary),
});

/** RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK: IFLA_* (linux/if_link.h). */
export const linkMessage = message(linkHeader, {
  address: attribute(1, binary),
  name: attribute(3, text),
  mtu: attribute(4, u32),
  /** The parent or, of a veth, the other end. */
  link: attribute(5, s32),
  controller: attribute(10, u32),
  transmitQueueLength: attribute(13, u32),
  operState: attribute(16, u8),
  info: attribute(18, linkInfo),
  /** A process in the namespace that the link is made in or moved to, by descriptor. */
  namespaceDescriptor: attribute(28, u32),
  /** IFLA_GROUP: 0 by default. */
  group: attribute(27, u32),
  alias: attribute(20, unterminatedText),
  extensionMask: attribute(29, u32),
});

/** linux/rtnetlink.h: RTEXT_FILTER_*, what a dump is to contain besides. */
export const RTEXT_FILTER_SKIP_STATS = 1 << 3;

/** linux/if.h: IFF_* */
export const IFF_UP = 0x1;
export const IFF_PROMISC = 0x100;
export const IFF_ALLMULTI = 0x200;

/** linux/if_arp.h */
export const ARPHRD_LOOPBACK = 772;

/** IFLA_INFO_DATA of a veth: VETH_INFO_PEER (linux/veth.h), a whole link message. */
export const vethData = attributes({ peer: attribute(1, linkMessage) });

/** IFLA_INFO_DATA of a bridge: IFLA_BR_* (linux/if_link.h). */
export const bridgeData = attributes({ vlanFiltering: attribute(7, u8) });

/** IFLA_INFO_DATA of a vlan: IFLA_VLAN_* (linux/if_link.h). The protocol is an ETH_P_*. */
export const vlanData = attributes({ id: attribute(1, u16), protocol: attribute(5, u16be) });

/** IFLA_INFO_DATA of a macvlan: IFLA_MACVLAN_* (linux/if_link.h). */
export const macvlanData = attributes({ mode: attribute(1, u32), broadcastQueueLength: attribute(7, u32) });

/** IFLA_INFO_DATA of an ipvlan: IFLA_IPVLAN_* (linux/if_link.h). */
export const ipvlanData = attributes({ mode: attribute(1, u16) });

/** IFLA_INFO_DATA of a vrf: IFLA_VRF_* (linux/if_link.h). */
export const vrfData = attributes({ table: attribute(1, u32) });
