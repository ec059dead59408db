/**
 * The part of a namespace's nftables (linux/netfilter/nf_tables.h) that the host writes: chains of rules, changed all at once. Two
 * implementations agree on it, errnos included, as on the rest of the kernel.
 */
export interface Ruleset {
  /** The rules of a chain in order; undefined where there is no such chain, or no nftables. Throws KernelError. */
  rules(chain: ChainName): readonly PlacedRule[] | undefined;
  /**
   * Makes the changes in one transaction: all or none. Throws KernelError: EEXIST for an exclusive chain that is there, ENOENT for
   * what is not, EBUSY for a chain that a rule leads to, EOPNOTSUPP where the kernel has no nftables.
   */
  change(changes: readonly RulesetChange[]): void;
  /** What the kernel lacks to have any of this, in words; undefined where it has all. */
  missing(): string | undefined;
  /** Tables of iptables' older form, which nftables does not show: /proc/net/ip_tables_names. */
  legacyTables(family: 'ip' | 'ip6'): readonly string[];
  /** Whether the kernel has what a rule of iptables-nft uses: an extension of xtables in that revision. */
  hasExtension(family: RulesetFamily, kind: 'match' | 'target', name: string, revision: number): boolean;
}

export type RulesetFamily = 'ip' | 'ip6' | 'inet' | 'bridge';

export interface ChainName {
  readonly family: RulesetFamily;
  readonly table: string;
  readonly chain: string;
}

export type RulesetChange =
  /** That it is there already is no error, for a chain unless it is `exclusive`. */
  | {
      readonly kind: 'add-table';
      readonly family: RulesetFamily;
      readonly table: string;
      readonly comment?: string | undefined;
    }
  | ({
      readonly kind: 'add-chain';
      readonly hook?: Hook | undefined;
      readonly exclusive?: boolean;
      readonly comment?: string | undefined;
    } & ChainName)
  | ({ readonly kind: 'remove-chain' | 'flush-chain' } & ChainName)
  | ({ readonly kind: 'add-rule'; readonly rule: Rule } & ChainName)
  | ({ readonly kind: 'remove-rule'; readonly handle: number } & ChainName);

/** What makes a chain one that the kernel enters by itself. Its policy is to accept. */
export interface Hook {
  readonly type: 'nat' | 'filter';
  readonly name: 'prerouting' | 'postrouting';
  readonly priority: number;
}

export interface Rule {
  readonly expressions: readonly Expression[];
  /** At most 254 bytes: as user data, where `nft` shows it. */
  readonly comment?: string | undefined;
}

export interface PlacedRule extends Rule {
  readonly handle: number;
}

/** What a rule does, one after the other, by way of one register. Bytes are hexadecimal. */
export type Expression =
  | {
      readonly kind: 'payload';
      readonly base: 'link' | 'network';
      readonly offset: number;
      readonly length: number;
    }
  | { readonly kind: 'meta'; readonly key: 'iifname' | 'nfproto' }
  | { readonly kind: 'mask'; readonly bytes: string }
  | { readonly kind: 'compare'; readonly operator: 'equal' | 'unequal'; readonly bytes: string }
  /** An extension of xtables. */
  | { readonly kind: 'match' | 'target'; readonly name: string; readonly revision: number; readonly info: string }
  /** It is read without what it has counted. */
  | { readonly kind: 'counter' }
  | { readonly kind: 'masquerade' }
  | { readonly kind: 'verdict'; readonly verdict: 'accept' | 'drop' | 'return' }
  | { readonly kind: 'verdict'; readonly verdict: 'jump' | 'goto'; readonly chain: string }
  /** What the host never writes. */
  | { readonly kind: 'other'; readonly name: string };
