import { attribute } from './attributes.ts';
import { struct, u8, u16, u32 } from './fixed.ts';
import { message } from './message.ts';

/** linux/netlink.h, linux/sock_diag.h, sys/socket.h */
export const NETLINK_SOCK_DIAG = 4;
export const SOCK_DIAG_BY_FAMILY = 20;
export const AF_UNIX = 1;

/** linux/unix_diag.h: what to tell of a socket. */
export const UDIAG_SHOW_RQLEN = 0x10;

const cookie = { cookieLow: u32, cookieHigh: u32 } as const;
/** Of any socket with that inode. */
export const anyCookie = { cookieLow: 0xffff_ffff, cookieHigh: 0xffff_ffff } as const;

/** linux/unix_diag.h: `struct unix_diag_req`. */
export const unixSocketRequest = message(
  { family: u8, protocol: u8, pad: u16, states: u32, inode: u32, show: u32, ...cookie },
  {},
);

/** linux/unix_diag.h: `struct unix_diag_msg`, UNIX_DIAG_RQLEN: of one that listens, connections that nobody has accepted, and how many there may be. */
export const unixSocketAnswer = message(
  { family: u8, type: u8, state: u8, pad: u8, inode: u32, ...cookie },
  { queues: attribute(4, struct({ waiting: u32, most: u32 })) },
);
