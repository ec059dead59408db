import { existsSync, readFileSync } from 'node:fs';
import type { Request } from '../../netlink/connection.ts';
import { NLM_F_CREATE, NLM_F_EXCL } from '../../netlink/frame.ts';
import {
  batchMessage,
  batchOfTables,
  chainMessage,
  compatMessage,
  families,
  hooks,
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_MSG_COMPAT_GET,
  NFT_MSG_DELCHAIN,
  NFT_MSG_DELRULE,
  NFT_MSG_GETCHAIN,
  NFT_MSG_GETRULE,
  NFT_MSG_GETTABLE,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWTABLE,
  ruleMessage,
  tableMessage,
} from '../../netlink/netfilter/tables.ts';
import { beforeLongWait } from '../../system/long-wait.ts';
import { errnoNumbers, KernelError } from '../errors.ts';
import type { ChainName, PlacedRule, Ruleset, RulesetChange, RulesetFamily } from '../ruleset.ts';
import type { NamespaceChannel } from './namespace-channel.ts';
import { decodeComment, encodeComment } from './rule-comment.ts';
import { decodeExpression, encodeExpression } from './rule-expressions.ts';

/** NFT_MSG_NEWRULE, linux/netlink.h: at the end of its chain. */
const NLM_F_APPEND = 0x800;
/** linux/netfilter.h */
const NF_ACCEPT = 1;

/** What a kernel without nftables says, by way of nfnetlink or where there is none; with it, of what is not there. */
const absent: readonly number[] = [
  errnoNumbers.ENOENT,
  errnoNumbers.EINVAL,
  errnoNumbers.EOPNOTSUPP,
  errnoNumbers.EPROTONOSUPPORT,
];

/** nfnetlink to one namespace. */
export class LinuxRuleset implements Ruleset {
  readonly #channel: NamespaceChannel;

  constructor(channel: NamespaceChannel) {
    this.#channel = channel;
  }

  rules(name: ChainName): PlacedRule[] | undefined {
    const { family, table, chain } = name;
    const attempt = `read chain ${spell(name)}`;
    if (!this.#hasChain(name, attempt)) return undefined;
    const wanted = { family: families[family], table, chain };
    const rules = this.#channel.list({ attempt, type: NFT_MSG_GETRULE, message: ruleMessage, values: wanted });
    // Older kernels list more than was asked for.
    return rules
      .filter((one) => one.table === table && one.chain === chain)
      .map(({ handle = 0, expressions, userData }) => ({
        handle,
        expressions: (expressions?.elements ?? []).map(decodeExpression),
        comment: userData && decodeComment(userData),
      }));
  }

  #hasChain({ family, table, chain }: ChainName, attempt: string): boolean {
    const values = { family: families[family], table, name: chain };
    try {
      return this.#channel.execute({ attempt, type: NFT_MSG_GETCHAIN, message: chainMessage, values }).length > 0;
    } catch (error) {
      if (error instanceof KernelError && absent.includes(error.errno)) return false;
      throw error;
    }
  }

  change(changes: readonly RulesetChange[]): void {
    if (changes.length === 0) return;
    const begin = { type: NFNL_MSG_BATCH_BEGIN, payload: batchMessage.encode(batchOfTables) };
    const end = { type: NFNL_MSG_BATCH_END, payload: batchMessage.encode(batchOfTables) };
    // Where rules were taken away just before, it waits until nobody uses them any more.
    beforeLongWait();
    this.#channel.transact(`change nftables (${describe(changes)})`, begin, changes.map(encodeChange), end);
  }

  missing(): string | undefined {
    const values = { family: families.ip, name: 'nat' };
    try {
      this.#channel.execute({ attempt: 'look for nftables', type: NFT_MSG_GETTABLE, message: tableMessage, values });
      return undefined;
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      if (error.errno === errnoNumbers.ENOENT) return undefined;
      if (absent.includes(error.errno)) return 'the kernel has no nftables (CONFIG_NF_TABLES)';
      throw error;
    }
  }

  legacyTables(family: 'ip' | 'ip6'): readonly string[] {
    return this.#channel.inside('read the names of legacy tables', () => {
      const path = `/proc/thread-self/net/${family}_tables_names`;
      return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
    });
  }

  hasExtension(family: RulesetFamily, kind: 'match' | 'target', name: string, revision: number): boolean {
    const values = { family: families[family], name, revision, target: kind === 'target' ? 1 : 0 };
    try {
      this.#channel.execute({
        attempt: `look for ${kind} ${name} of xtables`,
        type: NFNL_MSG_COMPAT_GET,
        message: compatMessage,
        values,
      });
      return true;
    } catch (error) {
      if (error instanceof KernelError && error.errno !== errnoNumbers.ETIMEDOUT) return false;
      throw error;
    }
  }
}

function encodeChange(change: RulesetChange): Request {
  const family = families[change.family];
  const { table } = change;
  switch (change.kind) {
    case 'add-table': {
      const userData = change.comment === undefined ? undefined : encodeComment(change.comment);
      return {
        type: NFT_MSG_NEWTABLE,
        flags: NLM_F_CREATE,
        payload: tableMessage.encode({ family, name: table, userData }),
      };
    }
    case 'add-chain': {
      const { chain, hook, exclusive, comment } = change;
      const based = hook && {
        hook: { number: hooks[hook.name], priority: hook.priority },
        policy: NF_ACCEPT,
        chainType: hook.type,
      };
      const userData = comment === undefined ? undefined : encodeComment(comment);
      return {
        type: NFT_MSG_NEWCHAIN,
        flags: NLM_F_CREATE | (exclusive ? NLM_F_EXCL : 0),
        payload: chainMessage.encode({ family, table, name: chain, userData, ...based }),
      };
    }
    case 'remove-chain':
      return { type: NFT_MSG_DELCHAIN, payload: chainMessage.encode({ family, table, name: change.chain }) };
    case 'flush-chain':
      return { type: NFT_MSG_DELRULE, payload: ruleMessage.encode({ family, table, chain: change.chain }) };
    case 'add-rule': {
      const { chain, rule } = change;
      const expressions = { elements: rule.expressions.map(encodeExpression) };
      const userData = rule.comment === undefined ? undefined : encodeComment(rule.comment);
      return {
        type: NFT_MSG_NEWRULE,
        flags: NLM_F_CREATE | NLM_F_APPEND,
        payload: ruleMessage.encode({ family, table, chain, expressions, userData }),
      };
    }
    case 'remove-rule': {
      const { chain, handle } = change;
      return { type: NFT_MSG_DELRULE, payload: ruleMessage.encode({ family, table, chain, handle }) };
    }
  }
}

function describe(changes: readonly RulesetChange[]): string {
  return [...new Set(changes.map(({ family, table }) => `${family} ${table}`))].join(', ');
}

function spell({ family, table, chain }: ChainName): string {
  return `${family} ${table} ${chain}`;
}
