import { attribute, attributes } from '../attributes.ts';
import { s32be, u32be, u64be } from '../fixed.ts';
import { binary, text } from '../payload.ts';

/** linux/netfilter/nf_tables.h: what is in NFTA_EXPR_DATA, by the expression's name. */

/** NFTA_DATA_*, NFTA_VERDICT_* */
const data = attributes({
  value: attribute(1, binary),
  verdict: attribute(2, attributes({ code: attribute(1, s32be), chain: attribute(2, text) })),
});

export const payload = attributes({
  destination: attribute(1, u32be),
  base: attribute(2, u32be),
  offset: attribute(3, u32be),
  length: attribute(4, u32be),
});

export const meta = attributes({ destination: attribute(1, u32be), key: attribute(2, u32be) });

export const bitwise = attributes({
  source: attribute(1, u32be),
  destination: attribute(2, u32be),
  length: attribute(3, u32be),
  mask: attribute(4, data),
  xor: attribute(5, data),
});

export const comparison = attributes({
  source: attribute(1, u32be),
  operator: attribute(2, u32be),
  data: attribute(3, data),
});

export const immediate = attributes({ destination: attribute(1, u32be), data: attribute(2, data) });

export const counter = attributes({ bytes: attribute(1, u64be), packets: attribute(2, u64be) });

/** NFTA_MATCH_*, NFTA_TARGET_*: an extension of xtables, with its own structure. */
export const extension = attributes({
  name: attribute(1, text),
  revision: attribute(2, u32be),
  info: attribute(3, binary),
});

export const NFT_REG_VERDICT = 0;
export const NFT_REG_1 = 1;
/** NFT_PAYLOAD_*_HEADER */
export const payloadBases = { link: 0, network: 1 } as const;
/** NFT_META_* */
export const metaKeys = { iifname: 6, nfproto: 15 } as const;
/** NFT_CMP_* */
export const comparisons = { equal: 0, unequal: 1 } as const;
/** linux/netfilter.h, and NFT_JUMP and the like of nf_tables.h. */
export const verdicts = { drop: 0, accept: 1, jump: -3, goto: -4, return: -5 } as const;
