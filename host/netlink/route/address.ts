import { attribute } from '../attributes.ts';
import { u8, u32 } from '../fixed.ts';
import { message } from '../message.ts';
import { ipAddress } from '../payload.ts';

/** RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR: `struct ifaddrmsg` and IFA_* (linux/if_addr.h). */
export const addressMessage = message(
  { family: u8, prefixLength: u8, shortFlags: u8, scope: u8, index: u32 },
  {
    /** Of the interface; of the other end where the link is point-to-point. */
    address: attribute(1, ipAddress),
    local: attribute(2, ipAddress),
    broadcast: attribute(4, ipAddress),
    /** All of them; the header has room for eight only. */
    flags: attribute(8, u32),
  },
);

/** linux/if_addr.h: IFA_F_* */
export const IFA_F_NODAD = 0x02;
export const IFA_F_DADFAILED = 0x08;
export const IFA_F_TENTATIVE = 0x40;
export const IFA_F_NOPREFIXROUTE = 0x200;
