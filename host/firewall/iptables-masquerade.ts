import { errnoNumbers, KernelError } from '../kernel/errors.ts';
import type { ChainName, Expression, PlacedRule, Rule, Ruleset, RulesetChange } from '../kernel/ruleset.ts';
import { type IpPrefix, ipPrefix, prefixAddress } from '../net/prefix.ts';
import { doSame, familyOf, hex, type IpRulesetFamily, matchNetwork, multicast } from './expressions.ts';
import { type RuleOwner, shortHash } from './owner.ts';

/**
 * Masquerading as the reference has it with iptables (containernetworking/plugins pkg/ip/ipmasq_iptables_linux.go), in the form in which
 * iptables-nft writes it, so that `iptables -t nat` shows it and either implementation takes away what the other made:
 *
 *     -A POSTROUTING -s 10.1.0.5/32 -m comment --comment "…" -j CNI-…
 *     -A CNI-… -d 10.1.0.0/24 -m comment --comment "…" -j ACCEPT
 *     -A CNI-… ! -d 224.0.0.0/4 -m comment --comment "…" -j MASQUERADE
 *
 * The chain is that of a container in a network: its interfaces share it.
 */
export function addIptablesMasquerade(ruleset: Ruleset, owner: RuleOwner, addresses: readonly IpPrefix[]): void {
  const families = [...byFamily(addresses)];
  const made = families.flatMap(([family, mine]) => newChain(family, owner, mine));
  try {
    orWithBase(
      ruleset,
      families.map(([family]) => family),
      made,
    );
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    ruleset.change(families.flatMap(([family, mine]) => whatIsMissing(ruleset, family, owner, mine)));
  }
}

/**
 * Tables and chains as iptables makes them come before only where they were missed: after a change of a chain that is there, the
 * kernel's next rule with a match of xtables waits until nobody uses what the chain was before (RCU).
 */
function orWithBase(ruleset: Ruleset, families: readonly IpRulesetFamily[], changes: readonly RulesetChange[]): void {
  try {
    ruleset.change(changes);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    ruleset.change([...families.flatMap(base), ...changes]);
  }
}

/** Takes away the rules of these addresses, and the chain where nothing else leads to it; of every address where none are given. */
export function removeIptablesMasquerade(ruleset: Ruleset, owner: RuleOwner, addresses?: readonly IpPrefix[]): void {
  for (const family of ['ip', 'ip6'] as const) {
    const mine = addresses?.filter((one) => familyOf(one) === family);
    if (mine?.length === 0) continue;
    removeChain(ruleset, family, chainName(owner), mine);
  }
}

/** What of it is not as it should be, in words. */
export function iptablesMasqueradeProblems(
  ruleset: Ruleset,
  owner: RuleOwner,
  addresses: readonly IpPrefix[],
): string[] {
  return [...byFamily(addresses)].flatMap(([family, mine]) => {
    const chain = chainOf(family, owner);
    const own = ruleset.rules(chain);
    if (own === undefined) return [`there is no chain ${chain.chain} in table ${family} nat`];
    const postrouting = ruleset.rules(postroutingOf(family)) ?? [];
    return mine.flatMap((address) => [
      ...(hasInOrder(own, chainRules(owner, address))
        ? []
        : [`chain ${chain.chain} of table ${family} nat does not masquerade what leaves the network of ${address}`]),
      ...(has(postrouting, jumpRule(owner, address))
        ? []
        : [`POSTROUTING of table ${family} nat does not lead from ${prefixAddress(address)} to chain ${chain.chain}`]),
    ]);
  });
}

/** Whether there is any of it for the attachment's container. */
export function hasIptablesMasquerade(ruleset: Ruleset, owner: RuleOwner): boolean {
  return (['ip', 'ip6'] as const).some((family) => ruleset.rules(chainOf(family, owner)) !== undefined);
}

/** Takes away the rules of all containers of a network but those that are to stay. */
export function collectIptablesMasquerade(ruleset: Ruleset, network: string, valid: readonly RuleOwner[]): void {
  const keep = new Set(valid.map(chainName));
  for (const family of ['ip', 'ip6'] as const) {
    const rules = ruleset.rules(postroutingOf(family)) ?? [];
    const chains = rules.filter((rule) => commentOf(rule).startsWith(`name: "${network}" id: `)).map(targetOf);
    for (const chain of new Set(chains)) {
      if (chain?.startsWith('CNI-') && !keep.has(chain)) removeChain(ruleset, family, chain, undefined);
    }
  }
}

/** `CNI-` and 24 digits of a hash of network and container. */
function chainName({ network, containerId }: RuleOwner): string {
  return `CNI-${shortHash(network + containerId, 24)}`;
}

function chainOf(family: IpRulesetFamily, owner: RuleOwner): ChainName {
  return { family, table: 'nat', chain: chainName(owner) };
}

function postroutingOf(family: IpRulesetFamily): ChainName {
  return { family, table: 'nat', chain: 'POSTROUTING' };
}

function newChain(family: IpRulesetFamily, owner: RuleOwner, addresses: readonly IpPrefix[]): RulesetChange[] {
  const chain = chainOf(family, owner);
  return [
    { kind: 'add-chain', ...chain, exclusive: true },
    ...unique(addresses.flatMap((address) => chainRules(owner, address))).map((rule) => addTo(chain, rule)),
    ...addresses.map((address) => addTo(postroutingOf(family), jumpRule(owner, address))),
  ];
}

/** Where the chain is there: made for another interface of the container, or half of it, or by the reference. */
function whatIsMissing(
  ruleset: Ruleset,
  family: IpRulesetFamily,
  owner: RuleOwner,
  addresses: readonly IpPrefix[],
): RulesetChange[] {
  const chain = chainOf(family, owner);
  const there = ruleset.rules(chain);
  const own = there ?? [];
  const before = ruleset.rules(postroutingOf(family));
  const postrouting = before ?? [];
  const wanted = unique(addresses.flatMap((address) => chainRules(owner, address)));
  const isWhole = addresses.every((address) => hasInOrder(own, chainRules(owner, address)));
  const others = own.filter((rule) => !has(wanted, rule));
  return [
    ...(before === undefined ? base(family) : []),
    ...(there !== undefined ? [] : [{ kind: 'add-chain', ...chain } as const]),
    // An exception has to come before what it is one of.
    ...(isWhole ? [] : [{ kind: 'flush-chain', ...chain } as const]),
    ...(isWhole ? [] : [...wanted.filter(isAccept), ...others, ...wanted.filter((rule) => !isAccept(rule))]).map(
      (rule) => addTo(chain, rule),
    ),
    ...addresses
      .map((address) => jumpRule(owner, address))
      .filter((rule) => !has(postrouting, rule))
      .map((rule) => addTo(postroutingOf(family), rule)),
  ];
}

/** Table and chain as iptables makes them on first use. */
function base(family: IpRulesetFamily): RulesetChange[] {
  return [
    { kind: 'add-table', family, table: 'nat' },
    { kind: 'add-chain', ...postroutingOf(family), hook: { type: 'nat', name: 'postrouting', priority: 100 } },
  ];
}

/** Somebody else may change the same chain meanwhile: then again, from what is there. */
const attempts = 5;

function removeChain(
  ruleset: Ruleset,
  family: IpRulesetFamily,
  name: string,
  addresses: readonly IpPrefix[] | undefined,
): void {
  const chain: ChainName = { family, table: 'nat', chain: name };
  for (let attempt = 1; ruleset.rules(chain) !== undefined; attempt++) {
    const jumps = (ruleset.rules(postroutingOf(family)) ?? []).filter((rule) => targetOf(rule) === name);
    const mine = jumps.filter((rule) => addresses === undefined || addresses.some((one) => comesFrom(rule, one)));
    const changes: RulesetChange[] = mine.map(({ handle }) => ({
      kind: 'remove-rule',
      ...postroutingOf(family),
      handle,
    }));
    const isLast = mine.length === jumps.length;
    if (isLast) changes.push({ kind: 'flush-chain', ...chain }, { kind: 'remove-chain', ...chain });
    try {
      ruleset.change(changes);
      if (!isLast) return;
    } catch (error) {
      if (attempt === attempts || !(isErrno(error, 'ENOENT') || isErrno(error, 'EBUSY'))) throw error;
    }
  }
}

/** Whether a rule is for an address; older versions of the reference wrote its whole network. */
function comesFrom({ expressions }: Rule, address: IpPrefix): boolean {
  const [exact, whole] = [matchNetwork('source', hostPrefix(address)), matchNetwork('source', address)];
  const [first] = split(expressions);
  return doSame(first, exact) || doSame(first, whole);
}

function split(expressions: readonly Expression[]): readonly [readonly Expression[], readonly Expression[]] {
  const at = expressions.findIndex(({ kind }) => kind === 'verdict');
  return [expressions.slice(0, at), expressions.slice(at)];
}

function chainRules(owner: RuleOwner, address: IpPrefix): readonly Rule[] {
  const family = familyOf(address);
  return [
    rule(owner, matchNetwork('destination', address), { kind: 'verdict', verdict: 'accept' }),
    rule(owner, matchNetwork('destination', multicast[family], 'unequal'), {
      kind: 'target',
      name: 'MASQUERADE',
      revision: 0,
      info: noRange[family],
    }),
  ];
}

function jumpRule(owner: RuleOwner, address: IpPrefix): Rule {
  const chain = chainName(owner);
  return rule(owner, matchNetwork('source', hostPrefix(address)), { kind: 'verdict', verdict: 'jump', chain });
}

/** In the order in which iptables-nft puts them. */
function rule({ network, containerId }: RuleOwner, match: readonly Expression[], end: Expression): Rule {
  const comment = `name: "${network}" id: "${containerId}"`;
  return { expressions: [...match, matchComment(comment), { kind: 'counter' }, end] };
}

/** linux/netfilter/xt_comment.h: `struct xt_comment_info`, 256 bytes with a zero at the end. */
function matchComment(comment: string): Expression {
  const info = new Uint8Array(256);
  new TextEncoder().encodeInto(comment, info.subarray(0, 255));
  return { kind: 'match', name: 'comment', revision: 0, info: hex(info) };
}

/** `struct nf_nat_ipv4_multi_range_compat` with one range of nothing, `struct nf_nat_range` of nothing (linux/netfilter/nf_nat.h), padded. */
const noRange = { ip: `01${'00'.repeat(23)}`, ip6: '00'.repeat(40) } as const;

function commentOf({ expressions }: Rule): string {
  const found = expressions.find((one) => one.kind === 'match' && one.name === 'comment');
  if (found?.kind !== 'match') return '';
  return Buffer.from(found.info, 'hex').toString('utf8').replace(/\0.*$/s, '');
}

function targetOf({ expressions }: Rule): string | undefined {
  const end = expressions.find((one) => 'chain' in one);
  return end !== undefined && 'chain' in end ? end.chain : undefined;
}

function isAccept({ expressions }: Rule): boolean {
  return expressions.some((one) => one.kind === 'verdict' && one.verdict === 'accept');
}

function hasInOrder(rules: readonly PlacedRule[], wanted: readonly Rule[]): boolean {
  const places = wanted.map((one) => rules.findIndex((rule) => doSame(rule.expressions, one.expressions)));
  return places.every((place, i) => place >= 0 && place >= (places[i - 1] ?? 0));
}

function has(rules: readonly Rule[], wanted: Rule): boolean {
  return rules.some((rule) => doSame(rule.expressions, wanted.expressions));
}

function unique(rules: readonly Rule[]): readonly Rule[] {
  const ordered = [...rules.filter(isAccept), ...rules.filter((one) => !isAccept(one))];
  return ordered.filter((one, i) => !has(ordered.slice(0, i), one));
}

function addTo(chain: ChainName, { expressions }: Rule): RulesetChange {
  return { kind: 'add-rule', ...chain, rule: { expressions } };
}

function hostPrefix(address: IpPrefix): IpPrefix {
  return ipPrefix(prefixAddress(address), familyOf(address) === 'ip' ? 32 : 128);
}

function byFamily(addresses: readonly IpPrefix[]): ReadonlyMap<IpRulesetFamily, readonly IpPrefix[]> {
  return Map.groupBy(addresses, familyOf);
}

function isErrno(error: unknown, name: 'EEXIST' | 'ENOENT' | 'EBUSY'): boolean {
  return error instanceof KernelError && error.errno === errnoNumbers[name];
}
