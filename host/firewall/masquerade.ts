import { errnoNumbers, KernelError } from '../kernel/errors.ts';
import type { Ruleset } from '../kernel/ruleset.ts';
import type { IpPrefix } from '../net/prefix.ts';
import {
  addIptablesMasquerade,
  collectIptablesMasquerade,
  hasIptablesMasquerade,
  iptablesMasqueradeProblems,
  removeIptablesMasquerade,
} from './iptables-masquerade.ts';
import {
  addNftablesMasquerade,
  collectNftablesMasquerade,
  hasNftablesMasquerade,
  nftablesMasqueradeProblems,
  removeNftablesMasquerade,
} from './nftables-masquerade.ts';
import type { RuleOwner } from './owner.ts';

/** `automatic` is what iptables shows, where the kernel can do that, and otherwise nftables' own. */
export type MasqueradeBackend = 'automatic' | 'iptables' | 'nftables';

/** Gives packets that leave the networks of these addresses the host's address. What is there already stays. Throws KernelError. */
export function addMasquerade(
  ruleset: Ruleset,
  owner: RuleOwner,
  addresses: readonly IpPrefix[],
  backend: MasqueradeBackend,
): void {
  if (addresses.length === 0) return;
  try {
    if (backend === 'nftables') addNftablesMasquerade(ruleset, owner, addresses);
    else addIptablesMasquerade(ruleset, owner, addresses);
  } catch (error) {
    // The kernel has no MASQUERADE of xtables.
    if (backend !== 'automatic' || !(error instanceof KernelError) || error.errno !== errnoNumbers.ENOENT) throw error;
    addNftablesMasquerade(ruleset, owner, addresses);
  }
}

/** Takes it away, whichever backend made it. Without the addresses, that of all interfaces of the container. */
export function removeMasquerade(ruleset: Ruleset, owner: RuleOwner, addresses?: readonly IpPrefix[]): void {
  removeIptablesMasquerade(ruleset, owner, addresses);
  removeNftablesMasquerade(ruleset, owner);
}

/** What is missing; none where one of the backends has all of it. */
export function masqueradeProblems(
  ruleset: Ruleset,
  owner: RuleOwner,
  addresses: readonly IpPrefix[],
): readonly string[] {
  if (hasNftablesMasquerade(ruleset, owner) && !hasIptablesMasquerade(ruleset, owner)) {
    return nftablesMasqueradeProblems(ruleset, owner, addresses);
  }
  return iptablesMasqueradeProblems(ruleset, owner, addresses);
}

/** Whether the kernel can do it, and what whoever reads STATUS should know. */
export interface MasqueradeSupport {
  readonly missing?: string | undefined;
  readonly warnings: readonly string[];
}

export function masqueradeSupport(ruleset: Ruleset, backend: MasqueradeBackend): MasqueradeSupport {
  const missing = ruleset.missing();
  if (missing !== undefined) return { missing, warnings: [] };
  if (backend === 'iptables' && !ruleset.hasExtension('ip', 'target', 'MASQUERADE', 0)) {
    return { missing: 'the kernel has no target MASQUERADE of xtables (CONFIG_IP_NF_TARGET_MASQUERADE)', warnings: [] };
  }
  const legacy = (['ip', 'ip6'] as const).filter((family) => ruleset.legacyTables(family).includes('nat'));
  const warnings = legacy.map(
    (family) =>
      `table nat of ${family === 'ip' ? 'iptables' : 'ip6tables'} is the legacy one on this host: it does not show the rules for masquerading, and its own are not seen here`,
  );
  return { warnings };
}

/** Takes away that of a network's attachments other than these. */
export function collectMasquerade(ruleset: Ruleset, network: string, valid: readonly RuleOwner[]): void {
  collectIptablesMasquerade(ruleset, network, valid);
  collectNftablesMasquerade(ruleset, network, valid);
}
