/** NETLINK_ROUTE (linux/netlink.h), the protocol that all of linux/rtnetlink.h is spoken in. */
export const NETLINK_ROUTE = 0;

/** linux/rtnetlink.h: RTM_* */
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_SETLINK = 19;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTM_GETVLAN = 114;

/** linux/rtnetlink.h: `enum rtnetlink_groups` */
export const RTNLGRP_LINK = 1;
export const RTNLGRP_IPV6_IFADDR = 9;

/** linux/socket.h */
export const AF_BRIDGE = 7;
/** All families. */
export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_INET6 = 10;
