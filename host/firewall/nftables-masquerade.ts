import { errnoNumbers, KernelError } from '../kernel/errors.ts';
import type { ChainName, Expression, PlacedRule, Rule, Ruleset, RulesetChange } from '../kernel/ruleset.ts';
import { type IpPrefix, ipPrefix, prefixAddress } from '../net/prefix.ts';
import { doSame, familyOf, matchFamily, matchNetwork, multicast } from './expressions.ts';
import { type RuleOwner, shortHash } from './owner.ts';

/**
 * Masquerading as the reference has it with nftables (containernetworking/plugins pkg/ip/ipmasq_nftables_linux.go): a table of its own,
 * in it a chain with a rule for each address, whose comment says whose it is.
 *
 *     ip saddr 10.1.0.5 ip daddr != 10.1.0.0/24 masquerade comment "…"
 */
export function addNftablesMasquerade(ruleset: Ruleset, owner: RuleOwner, addresses: readonly IpPrefix[]): void {
  fromWhatIsThere(ruleset, () => {
    const stale = (ruleset.rules(checks) ?? []).filter((rule) => isOf(rule, owner));
    return [
      ...(isSetUp(ruleset) ? [] : setUp()),
      ...stale.map(({ handle }): RulesetChange => ({ kind: 'remove-rule', ...checks, handle })),
      ...addresses.map((address) => addTo(checks)(checkRule(owner, address))),
    ];
  });
}

/** Rules that are as they should be stay: after rules were taken away, the kernel's next change of them waits until nobody uses those any more (RCU). */
function isSetUp(ruleset: Ruleset): boolean {
  const before = ruleset.rules(postrouting) ?? [];
  const wanted = postroutingRules();
  return (
    before.length === wanted.length && before.every((rule, i) => doSame(rule.expressions, wanted[i]?.expressions ?? []))
  );
}

/** Needs no addresses: the comments say whose the rules are. */
export function removeNftablesMasquerade(ruleset: Ruleset, owner: RuleOwner): void {
  removeRules(ruleset, (rule) => isOf(rule, owner));
}

/** What of it is not as it should be, in words. */
export function nftablesMasqueradeProblems(
  ruleset: Ruleset,
  owner: RuleOwner,
  addresses: readonly IpPrefix[],
): string[] {
  const rules = (ruleset.rules(checks) ?? []).filter((rule) => isOf(rule, owner));
  const before = ruleset.rules(postrouting) ?? [];
  return [
    ...(postroutingRules().every((rule) => has(before, rule))
      ? []
      : [`chain postrouting of table inet ${table.table} does not lead to masq_checks as it should`]),
    ...addresses.flatMap((address) =>
      has(rules, checkRule(owner, address))
        ? []
        : [`chain masq_checks of table inet ${table.table} does not masquerade ${prefixAddress(address)}`],
    ),
  ];
}

export function hasNftablesMasquerade(ruleset: Ruleset, owner: RuleOwner): boolean {
  return (ruleset.rules(checks) ?? []).some((rule) => isOf(rule, owner));
}

/** Takes away the rules of all attachments of a network but those that are to stay. */
export function collectNftablesMasquerade(ruleset: Ruleset, network: string, valid: readonly RuleOwner[]): void {
  const keep = new Set(valid.map(prefixOf));
  const ours = `${shortHash(network, 16)}-`;
  removeRules(ruleset, ({ comment = '' }) => comment.startsWith(ours) && !keep.has(comment.split(',')[0] ?? ''));
}

const table = { family: 'inet', table: 'cni_plugins_masquerade' } as const;
const checks: ChainName = { ...table, chain: 'masq_checks' };
const postrouting: ChainName = { ...table, chain: 'postrouting' };

let madePostroutingRules: readonly Rule[] | undefined;

/** Made when they are first needed: most calls masquerade nothing, and some are a process of their own. */
function postroutingRules(): readonly Rule[] {
  madePostroutingRules ??= [
    ...(['ip', 'ip6'] as const).map((family) => ({
      expressions: [
        ...matchFamily(family),
        ...matchNetwork('destination', multicast[family]),
        { kind: 'verdict', verdict: 'return' } as Expression,
      ],
    })),
    { expressions: [{ kind: 'verdict', verdict: 'goto', chain: checks.chain }] },
  ];
  return madePostroutingRules;
}

/** The table, its chains, and what leads to the rules of attachments. */
function setUp(): readonly RulesetChange[] {
  return [
    { kind: 'add-table', ...table, comment: 'Masquerading for plugins from github.com/containernetworking/plugins' },
    {
      kind: 'add-chain',
      ...checks,
      comment: 'Masquerade traffic from certain IPs to any (non-multicast) IP outside their subnet',
    },
    { kind: 'add-chain', ...postrouting, hook: { type: 'nat', name: 'postrouting', priority: 100 } },
    { kind: 'flush-chain', ...postrouting },
    ...postroutingRules().map(addTo(postrouting)),
  ];
}

function checkRule(owner: RuleOwner, address: IpPrefix): Rule {
  const family = familyOf(address);
  const own = ipPrefix(prefixAddress(address), family === 'ip' ? 32 : 128);
  return {
    expressions: [
      ...matchFamily(family),
      ...matchNetwork('source', own),
      ...matchNetwork('destination', address, 'unequal'),
      { kind: 'masquerade' },
    ],
    comment: commentOf(owner),
  };
}

/** At most 128 bytes, without quotes: nft has no way to write one in a comment. */
function commentOf(owner: RuleOwner): string {
  const { network, containerId, interfaceName } = owner;
  const text = `${prefixOf(owner)}, net: ${network}, if: ${interfaceName}, id: ${containerId}`.replaceAll('"', '');
  return Buffer.from(text).subarray(0, 128).toString('utf8').replace(/�$/, '');
}

function prefixOf({ network, containerId, interfaceName }: RuleOwner): string {
  return `${shortHash(network, 16)}-${shortHash(`${interfaceName}:${containerId}`, 16)}`;
}

function isOf({ comment }: Rule, owner: RuleOwner): boolean {
  return comment?.split(',')[0] === prefixOf(owner);
}

function removeRules(ruleset: Ruleset, isStale: (rule: Rule) => boolean): void {
  fromWhatIsThere(ruleset, () => {
    const stale = (ruleset.rules(checks) ?? []).filter(isStale);
    return stale.map(({ handle }) => ({ kind: 'remove-rule', ...checks, handle }));
  });
}

const attempts = 5;

/** Somebody else may take the same things away meanwhile: then again, from what is there. */
function fromWhatIsThere(ruleset: Ruleset, changes: () => readonly RulesetChange[]): void {
  for (let attempt = 1; ; attempt++) {
    try {
      ruleset.change(changes());
      return;
    } catch (error) {
      const isGone = error instanceof KernelError && error.errno === errnoNumbers.ENOENT;
      if (attempt === attempts || !isGone) throw error;
    }
  }
}

function has(rules: readonly (Rule | PlacedRule)[], wanted: Rule): boolean {
  return rules.some((rule) => doSame(rule.expressions, wanted.expressions));
}

function addTo(chain: ChainName): (rule: Rule) => RulesetChange {
  return (rule) => ({ kind: 'add-rule', ...chain, rule });
}
