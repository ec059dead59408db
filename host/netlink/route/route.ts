import { attribute, attributes } from '../attributes.ts';
import { u8, u32 } from '../fixed.ts';
import { message } from '../message.ts';
import { ipAddress } from '../payload.ts';
import { nextHops } from './next-hops.ts';
import { via } from './via.ts';

/** linux/rtnetlink.h: RTAX_* */
export const routeMetrics = attributes({ mtu: attribute(2, u32), advertisedMss: attribute(8, u32) });

/** RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE: `struct rtmsg` and RTA_* (linux/rtnetlink.h). */
export const routeMessage = message(
  {
    family: u8,
    destinationLength: u8,
    sourceLength: u8,
    tos: u8,
    shortTable: u8,
    protocol: u8,
    scope: u8,
    type: u8,
    flags: u32,
  },
  {
    destination: attribute(1, ipAddress),
    outputIndex: attribute(4, u32),
    gateway: attribute(5, ipAddress),
    priority: attribute(6, u32),
    preferredSource: attribute(7, ipAddress),
    metrics: attribute(8, routeMetrics),
    nextHops: attribute(9, nextHops),
    table: attribute(15, u32),
    /** A gateway of the other family. */
    via: attribute(18, via),
  },
);

/** linux/rtnetlink.h: RTM_F_*, RTNH_F_*, all in the flags of `struct rtmsg`. */
export const RTNH_F_ONLINK = 4;
export const RTM_F_CLONED = 0x200;
