import { attribute, attributes, repeated } from '../attributes.ts';
import { struct, u8, u16, u32 } from '../fixed.ts';
import { message } from '../message.ts';
import { linkHeader } from './link.ts';

/** linux/if_link.h: IFLA_BRPORT_*, in IFLA_PROTINFO of AF_BRIDGE messages and in IFLA_INFO_SLAVE_DATA of all others. */
export const portAttributes = attributes({
  hairpin: attribute(4, u8),
  isolated: attribute(33, u8),
});

/** linux/if_bridge.h: `struct bridge_vlan_info`. */
export const vlanInfo = struct({ flags: u16, id: u16 });

/** linux/if_bridge.h: BRIDGE_VLAN_INFO_*. In IFLA_AF_SPEC a range is two entries, its begin and its end. */
export const BRIDGE_VLAN_INFO_PVID = 1 << 1;
export const BRIDGE_VLAN_INFO_UNTAGGED = 1 << 2;
export const BRIDGE_VLAN_INFO_RANGE_BEGIN = 1 << 3;
export const BRIDGE_VLAN_INFO_RANGE_END = 1 << 4;

/** linux/if_bridge.h: IFLA_BRIDGE_*. Without flags a change is the port's (BRIDGE_FLAGS_MASTER). */
export const bridgeSpecification = attributes({
  flags: attribute(0, u16),
  vlans: repeated(2, vlanInfo),
});

/** RTM_SETLINK, RTM_DELLINK and RTM_GETLINK with the family AF_BRIDGE: a link as the port of a bridge. */
export const bridgePortMessage = message(linkHeader, {
  protocolInfo: attribute(12, portAttributes),
  specification: attribute(26, bridgeSpecification),
  extensionMask: attribute(29, u32),
});

/** linux/if_bridge.h: `struct br_vlan_msg`. */
const vlanHeader = { family: u8, reserved: u8, reserved2: u16, index: u32 };

/** linux/if_bridge.h: what is asked for by RTM_GETVLAN, of one link where one is named. */
export const vlanQuestion = message(vlanHeader, { flags: attribute(1, u32) });

/** linux/if_bridge.h: BRIDGE_VLANDB_DUMPF_STATS. Each VLAN comes by itself then: in ranges, those that follow a PVID are lost (br_vlan_fill_vids). */
export const BRIDGE_VLANDB_DUMPF_STATS = 1;

/** linux/if_bridge.h: BRIDGE_VLANDB_*, what comes back. */
export const vlanAnswer = message(vlanHeader, {
  entries: repeated(1, attributes({ info: attribute(1, vlanInfo) })),
});
