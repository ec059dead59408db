import { expect } from 'vitest';
import { addMacGuard, macGuardProblems, removeMacGuard } from '../../../host/firewall/mac-guard.ts';
import {
  addMasquerade,
  collectMasquerade,
  masqueradeProblems,
  masqueradeSupport,
  removeMasquerade,
} from '../../../host/firewall/masquerade.ts';
import type { RuleOwner } from '../../../host/firewall/owner.ts';
import type { ChainName, Rule, Ruleset } from '../../../host/kernel/ruleset.ts';
import { type Behaviour, expectErrno, mac, prefix, type World } from './world.ts';

const table = { family: 'inet', table: 't' } as const;
const one: ChainName = { ...table, chain: 'one' };
const two: ChainName = { ...table, chain: 'two' };
const counting: Rule = {
  expressions: [{ kind: 'counter' }, { kind: 'verdict', verdict: 'accept' }],
  comment: 'as text',
};
const jumping: Rule = { expressions: [{ kind: 'verdict', verdict: 'jump', chain: 'two' }] };

function twoChains({ host: { ruleset } }: World): Ruleset {
  ruleset.change([
    { kind: 'add-table', ...table },
    { kind: 'add-chain', ...one },
    { kind: 'add-chain', ...two },
  ]);
  return ruleset;
}

const owner: RuleOwner = { network: 'net', containerId: 'c1', interfaceName: 'eth0' };
const second: RuleOwner = { ...owner, interfaceName: 'eth1' };
const other: RuleOwner = { ...owner, containerId: 'c2' };
const own = ['10.1.0.5/24', '10.2.0.5/20', 'fd00::5/64', 'fd01::5/45'].map(prefix);
const alone = [prefix('10.1.0.6/32')];
const postrouting: ChainName = { family: 'ip', table: 'nat', chain: 'POSTROUTING' };
const checks: ChainName = { family: 'inet', table: 'cni_plugins_masquerade', chain: 'masq_checks' };

const masquerading = (['iptables', 'nftables'] as const).flatMap((backend): readonly Behaviour[] => [
  {
    name: `masquerading with ${backend} is whole once it is added, however often, and gone once it is removed`,
    run: ({ host: { ruleset } }) => {
      expect(masqueradeProblems(ruleset, owner, own)).not.toEqual([]);
      addMasquerade(ruleset, owner, own, backend);
      const [before, inTable] = [ruleset.rules(postrouting), ruleset.rules(checks)];
      addMasquerade(ruleset, owner, own, backend);
      expect(ruleset.rules(postrouting)).toEqual(before);
      expect(ruleset.rules(checks)?.length).toEqual(inTable?.length);
      expect(masqueradeProblems(ruleset, owner, own)).toEqual([]);
      removeMasquerade(ruleset, owner, own);
      removeMasquerade(ruleset, owner, own);
      expect(ruleset.rules(postrouting) ?? []).toEqual([]);
      expect(ruleset.rules(checks) ?? []).toEqual([]);
    },
  },
  {
    name: `masquerading with ${backend} of one interface outlives that of another of the same container`,
    run: ({ host: { ruleset } }) => {
      addMasquerade(ruleset, owner, own, backend);
      addMasquerade(ruleset, second, alone, backend);
      removeMasquerade(ruleset, owner, own);
      expect(masqueradeProblems(ruleset, second, alone)).toEqual([]);
      removeMasquerade(ruleset, second, undefined);
      expect(masqueradeProblems(ruleset, second, alone)).not.toEqual([]);
    },
  },
  {
    name: `masquerading with ${backend} of attachments that are not valid is collected, in their network alone`,
    run: ({ host: { ruleset } }) => {
      const elsewhere = { ...owner, network: 'elsewhere' };
      for (const who of [owner, other, elsewhere]) addMasquerade(ruleset, who, own, backend);
      collectMasquerade(ruleset, 'net', [other]);
      expect(masqueradeProblems(ruleset, owner, own)).not.toEqual([]);
      expect(masqueradeProblems(ruleset, other, own)).toEqual([]);
      expect(masqueradeProblems(ruleset, elsewhere, own)).toEqual([]);
      collectMasquerade(ruleset, 'net', []);
      expect(masqueradeProblems(ruleset, other, own)).not.toEqual([]);
    },
  },
  {
    name: `masquerading with ${backend} of one more attachment leaves the rules that are there alone, and sets up what is missing`,
    run: ({ host: { ruleset } }) => {
      const shared = backend === 'nftables' ? { ...checks, chain: 'postrouting' } : postrouting;
      addMasquerade(ruleset, owner, own, backend);
      const before = ruleset.rules(shared) ?? [];
      addMasquerade(ruleset, other, alone, backend);
      expect(ruleset.rules(shared)).toEqual(expect.arrayContaining([...before]));
      if (backend === 'iptables') return;
      ruleset.change([{ kind: 'remove-rule', ...shared, handle: before[0]?.handle ?? 0 }]);
      addMasquerade(ruleset, other, alone, backend);
      expect(ruleset.rules(shared)?.map(({ expressions }) => expressions)).toEqual(
        before.map(({ expressions }) => expressions),
      );
    },
  },
  {
    name: `each rule of masquerading with ${backend} is missed`,
    run: ({ host: { ruleset } }) => {
      const chain: ChainName = { ...postrouting, chain: 'CNI-623e1c388032b20529218ecc' };
      const places = backend === 'nftables' ? [checks] : [postrouting, chain];
      for (const place of places) {
        addMasquerade(ruleset, owner, [prefix('10.1.0.5/24')], backend);
        const rules = ruleset.rules(place) ?? [];
        expect(rules.length).toBeGreaterThan(0);
        for (let i = 0; i < rules.length; i++) {
          ruleset.change([{ kind: 'remove-rule', ...place, handle: ruleset.rules(place)?.[i]?.handle ?? 0 }]);
          expect(masqueradeProblems(ruleset, owner, [prefix('10.1.0.5/24')])).toHaveLength(1);
          removeMasquerade(ruleset, owner, undefined);
          addMasquerade(ruleset, owner, [prefix('10.1.0.5/24')], backend);
        }
        removeMasquerade(ruleset, owner, undefined);
      }
    },
  },
]);

export const rulesetBehaviours: readonly Behaviour[] = [
  {
    name: 'a chain that is not there has no rules, and one that is there none at first',
    run: (world) => {
      expect(world.host.ruleset.rules(one)).toBeUndefined();
      expect(twoChains(world).rules(one)).toEqual([]);
      expect(world.sandbox.ruleset.rules(one)).toBeUndefined();
    },
  },
  {
    name: 'rules are read as they were written, in order',
    run: (world) => {
      const ruleset = twoChains(world);
      const chain = one;
      ruleset.change([counting, jumping].map((rule) => ({ kind: 'add-rule', ...chain, rule }) as const));
      const rules = ruleset.rules(chain) ?? [];
      expect(rules.map(({ expressions }) => expressions)).toEqual([counting.expressions, jumping.expressions]);
      expect(rules.map(({ comment }) => comment)).toEqual(['as text', undefined]);
      ruleset.change([{ kind: 'remove-rule', ...chain, handle: rules[0]?.handle ?? 0 }]);
      expect(ruleset.rules(chain)).toEqual([rules[1]]);
      ruleset.change([{ kind: 'flush-chain', ...chain }]);
      expect(ruleset.rules(chain)).toEqual([]);
    },
  },
  {
    name: 'of changes of which one is refused none is made',
    run: (world) => {
      const ruleset = twoChains(world);
      const chain = one;
      const refused = () =>
        ruleset.change([
          { kind: 'add-rule', ...chain, rule: counting },
          { kind: 'remove-chain', ...table, chain: 'three' },
        ]);
      expectErrno(refused, 'ENOENT');
      expect(ruleset.rules(chain)).toEqual([]);
    },
  },
  {
    name: 'what is there already, or is not there, or is in use, is refused',
    run: (world) => {
      const ruleset = twoChains(world);
      const chain = one;
      ruleset.change([
        { kind: 'add-table', ...table },
        { kind: 'add-chain', ...chain },
        { kind: 'add-rule', ...chain, rule: jumping },
      ]);
      expectErrno(() => ruleset.change([{ kind: 'add-chain', ...chain, exclusive: true }]), 'EEXIST');
      expectErrno(() => ruleset.change([{ kind: 'add-chain', ...chain, table: 'none' }]), 'ENOENT');
      expectErrno(() => ruleset.change([{ kind: 'remove-rule', ...chain, handle: 9999 }]), 'ENOENT');
      expectErrno(() => ruleset.change([{ kind: 'flush-chain', ...chain, chain: 'none' }]), 'ENOENT');
      expectErrno(() => ruleset.change([{ kind: 'remove-chain', ...two }]), 'EBUSY');
      const nowhere: Rule = { expressions: [{ kind: 'verdict', verdict: 'goto', chain: 'none' }] };
      expectErrno(() => ruleset.change([{ kind: 'add-rule', ...chain, rule: nowhere }]), 'ENOENT');
    },
  },
  ...masquerading,
  {
    name: 'masquerading with either backend finds all that it needs',
    run: ({ host: { ruleset } }) => {
      expect(masqueradeSupport(ruleset, 'iptables').missing).toBeUndefined();
      expect(masqueradeSupport(ruleset, 'nftables').missing).toBeUndefined();
      expect(ruleset.hasExtension('ip', 'target', 'MASQUERADE', 0)).toBe(true);
      expect(ruleset.hasExtension('ip', 'target', 'NOTHING', 0)).toBe(false);
    },
  },
  {
    name: 'a guard of hardware addresses is whole once it is added, however often, and gone once it is removed',
    run: ({ host: { ruleset } }) => {
      const port = { linkName: 'veth0', mac: mac('02:00:00:00:00:01') };
      const all: ChainName = { family: 'bridge', table: 'nat', chain: 'PREROUTING' };
      addMacGuard(ruleset, owner, port);
      addMacGuard(ruleset, owner, port);
      addMacGuard(ruleset, other, { ...port, linkName: 'veth1' });
      expect(ruleset.rules(all)).toHaveLength(2);
      expect(macGuardProblems(ruleset, owner, port)).toEqual([]);
      expect(macGuardProblems(ruleset, owner, { ...port, mac: mac('02:00:00:00:00:02') })).toHaveLength(1);
      expect(macGuardProblems(ruleset, owner, { ...port, linkName: 'veth1' })).toHaveLength(1);
      removeMacGuard(ruleset, owner);
      removeMacGuard(ruleset, owner);
      expect(macGuardProblems(ruleset, owner, port)).toHaveLength(2);
      expect(macGuardProblems(ruleset, other, { ...port, linkName: 'veth1' })).toEqual([]);
    },
  },
];
