import { attribute, attributes, repeated } from '../attributes.ts';
import { s32be, u8, u16be, u32be, u64be } from '../fixed.ts';
import { message } from '../message.ts';
import { binary, text } from '../payload.ts';

/** linux/netlink.h */
export const NETLINK_NETFILTER = 12;

/** linux/netfilter/nfnetlink.h: `struct nfgenmsg`. */
const nfgenmsg = { family: u8, version: u8, resource: u16be } as const;

/** linux/netfilter/nfnetlink.h */
const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_SUBSYS_NFT_COMPAT = 11;
export const NFNL_MSG_BATCH_BEGIN = 16;
export const NFNL_MSG_BATCH_END = 17;

/** linux/netfilter/nf_tables.h: `enum nf_tables_msg_types`, in its subsystem. */
const type = (number: number) => (NFNL_SUBSYS_NFTABLES << 8) | number;
export const NFT_MSG_NEWTABLE = type(0);
export const NFT_MSG_GETTABLE = type(1);
export const NFT_MSG_NEWCHAIN = type(3);
export const NFT_MSG_GETCHAIN = type(4);
export const NFT_MSG_DELCHAIN = type(5);
export const NFT_MSG_NEWRULE = type(6);
export const NFT_MSG_GETRULE = type(7);
export const NFT_MSG_DELRULE = type(8);
/** linux/netfilter/nf_tables_compat.h */
export const NFNL_MSG_COMPAT_GET = NFNL_SUBSYS_NFT_COMPAT << 8;

/** The messages around a batch name the subsystem that it is for. */
export const batchMessage = message(nfgenmsg, {});
export const batchOfTables = { resource: NFNL_SUBSYS_NFTABLES };

/** NFTA_TABLE_* */
export const tableMessage = message(nfgenmsg, {
  name: attribute(1, text),
  userData: attribute(6, binary),
});

/** NFTA_CHAIN_*, NFTA_HOOK_* */
export const chainMessage = message(nfgenmsg, {
  table: attribute(1, text),
  name: attribute(3, text),
  hook: attribute(4, attributes({ number: attribute(1, u32be), priority: attribute(2, s32be) })),
  policy: attribute(5, u32be),
  chainType: attribute(7, text),
  userData: attribute(12, binary),
});

/** NFTA_EXPR_*; what is in the data, the name says. */
const expression = attributes({ name: attribute(1, text), data: attribute(2, binary) });

/** NFTA_RULE_*, NFTA_LIST_ELEM */
export const ruleMessage = message(nfgenmsg, {
  table: attribute(1, text),
  chain: attribute(2, text),
  handle: attribute(3, u64be),
  expressions: attribute(4, attributes({ elements: repeated(1, expression) })),
  userData: attribute(7, binary),
});

/** NFTA_COMPAT_*: whether an extension of xtables is there, in that revision. */
export const compatMessage = message(nfgenmsg, {
  name: attribute(1, text),
  revision: attribute(2, u32be),
  /** 0 for a match, 1 for a target. */
  target: attribute(3, u32be),
});

/** linux/netfilter.h: NFPROTO_* */
export const families = { inet: 1, ip: 2, bridge: 7, ip6: 10 } as const;

/** linux/netfilter.h, linux/netfilter_bridge.h: the numbers of the hooks. */
export const hooks = { prerouting: 0, postrouting: 4 } as const;
