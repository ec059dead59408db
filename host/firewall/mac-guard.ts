import { errnoNumbers, KernelError } from '../kernel/errors.ts';
import type { ChainName, Expression, PlacedRule, Rule, Ruleset, RulesetChange } from '../kernel/ruleset.ts';
import type { MacAddress } from '../net/mac.ts';
import { doSame, hex } from './expressions.ts';
import type { RuleOwner } from './owner.ts';

/** A container's end of the host, and the one hardware address that frames from it may have. */
export interface GuardedPort {
  readonly linkName: string;
  readonly mac: MacAddress;
}

/**
 * Drops what comes from a port with another hardware address, in the form of the reference's macspoofchk (containernetworking/plugins
 * pkg/link/spoofcheck.go): table `bridge nat`, two chains for each attachment, and comments that say whose they are.
 */
export function addMacGuard(ruleset: Ruleset, owner: RuleOwner, port: GuardedPort): void {
  const { jump, perInterface, perMac } = rulesOf(owner, port);
  const stale = (ruleset.rules(prerouting) ?? []).filter((rule) => isOf(rule, owner));
  const [first, second] = chainsOf(owner);
  ruleset.change([
    { kind: 'add-table', family: prerouting.family, table: prerouting.table },
    { kind: 'add-chain', ...prerouting, hook: { type: 'filter', name: 'prerouting', priority: -300 } },
    { kind: 'add-chain', ...first },
    { kind: 'add-chain', ...second },
    { kind: 'flush-chain', ...first },
    { kind: 'flush-chain', ...second },
    ...stale.map(({ handle }): RulesetChange => ({ kind: 'remove-rule', ...prerouting, handle })),
    ...perMac.map((rule): RulesetChange => ({ kind: 'add-rule', ...second, rule })),
    { kind: 'add-rule', ...first, rule: perInterface },
    { kind: 'add-rule', ...prerouting, rule: jump },
  ]);
}

/** Somebody else may change the same chains meanwhile: then again, from what is there. */
const attempts = 5;

/** Needs neither the link nor its address. */
export function removeMacGuard(ruleset: Ruleset, owner: RuleOwner): void {
  for (let attempt = 1; ; attempt++) {
    const jumps = (ruleset.rules(prerouting) ?? []).filter((rule) => isOf(rule, owner));
    const chains = chainsOf(owner).filter((chain) => ruleset.rules(chain) !== undefined);
    try {
      ruleset.change([
        ...jumps.map(({ handle }): RulesetChange => ({ kind: 'remove-rule', ...prerouting, handle })),
        ...chains.map((chain): RulesetChange => ({ kind: 'flush-chain', ...chain })),
        ...chains.map((chain): RulesetChange => ({ kind: 'remove-chain', ...chain })),
      ]);
      return;
    } catch (error) {
      const isRace =
        error instanceof KernelError && [errnoNumbers.ENOENT, errnoNumbers.EBUSY].includes(error.errno as 2);
      if (attempt === attempts || !isRace) throw error;
    }
  }
}

/** What of it is not as it should be, in words. */
export function macGuardProblems(ruleset: Ruleset, owner: RuleOwner, port: GuardedPort): readonly string[] {
  const { jump, perInterface, perMac } = rulesOf(owner, port);
  const [first, second] = chainsOf(owner);
  const has = (chain: ChainName, rules: readonly Rule[]) => {
    const found: readonly PlacedRule[] = ruleset.rules(chain) ?? [];
    const places = rules.map((rule) => found.findIndex((one) => doSame(one.expressions, rule.expressions)));
    return places.every((place, i) => place >= 0 && place >= (places[i - 1] ?? 0));
  };
  return [
    ...(has(prerouting, [jump])
      ? []
      : [`PREROUTING of table bridge nat does not look at what comes from ${port.linkName}`]),
    ...(has(first, [perInterface]) && has(second, perMac)
      ? []
      : [`chain ${second.chain} of table bridge nat lets other hardware addresses than ${port.mac} pass`]),
  ];
}

const prerouting: ChainName = { family: 'bridge', table: 'nat', chain: 'PREROUTING' };

function chainsOf(owner: RuleOwner): readonly [ChainName, ChainName] {
  const name = `cni-br-iface-${idOf(owner)}`;
  return [
    { ...prerouting, chain: name },
    { ...prerouting, chain: `${name}-mac` },
  ];
}

function rulesOf(owner: RuleOwner, { linkName, mac }: GuardedPort) {
  const [first, second] = chainsOf(owner);
  const comment = commentOf(owner);
  const rule = (...expressions: Expression[]): Rule => ({ expressions, comment });
  return {
    jump: rule(
      { kind: 'meta', key: 'iifname' },
      { kind: 'compare', operator: 'equal', bytes: nameBytes(linkName) },
      { kind: 'verdict', verdict: 'jump', chain: first.chain },
    ),
    perInterface: rule({ kind: 'verdict', verdict: 'jump', chain: second.chain }),
    perMac: [
      rule(
        { kind: 'payload', base: 'link', offset: 6, length: 6 },
        { kind: 'compare', operator: 'equal', bytes: mac.replaceAll(':', '') },
        { kind: 'verdict', verdict: 'return' },
      ),
      rule({ kind: 'verdict', verdict: 'drop' }),
    ],
  };
}

/** IFNAMSIZ bytes, zeros after the name. */
function nameBytes(name: string): string {
  const bytes = new Uint8Array(16);
  new TextEncoder().encodeInto(name, bytes);
  return hex(bytes);
}

function idOf({ containerId, interfaceName }: RuleOwner): string {
  return `${containerId}-${interfaceName}`;
}

/** As much as user data have room for. */
function commentOf(owner: RuleOwner): string {
  return `macspoofchk-${idOf(owner)}`.slice(0, 252);
}

function isOf({ comment }: Rule, owner: RuleOwner): boolean {
  return comment === commentOf(owner);
}
