import { errnoNumbers, KernelError } from '../errors.ts';
import type { ChainName, Expression, PlacedRule, Rule, Ruleset, RulesetChange, RulesetFamily } from '../ruleset.ts';

/** Tables, chains and rules as plain data. */
export interface RulesetModel {
  readonly tables: Set<string>;
  /** By family, table and chain. */
  readonly chains: Map<string, readonly PlacedRule[]>;
  nextHandle: number;
}

export function newRuleset(): RulesetModel {
  return { tables: new Set(), chains: new Map(), nextHandle: 1 };
}

/** nftables of the model: what is in it, not what it does to packets. */
export class MemoryRuleset implements Ruleset {
  readonly #model: RulesetModel;

  constructor(model: RulesetModel) {
    this.#model = model;
  }

  rules(name: ChainName): readonly PlacedRule[] | undefined {
    return this.#model.chains.get(keyOf(name));
  }

  change(changes: readonly RulesetChange[]): void {
    const draft = copyOf(this.#model);
    for (const change of changes) apply(draft, change);
    this.#model.tables.clear();
    for (const table of draft.tables) this.#model.tables.add(table);
    this.#model.chains.clear();
    for (const [key, rules] of draft.chains) this.#model.chains.set(key, rules);
    this.#model.nextHandle = draft.nextHandle;
  }

  missing(): undefined {
    return undefined;
  }

  legacyTables(): readonly string[] {
    return [];
  }

  /** As a kernel with all modules. */
  hasExtension(_family: RulesetFamily, _kind: 'match' | 'target', name: string, revision: number): boolean {
    return revision === 0 && ['comment', 'MASQUERADE'].includes(name);
  }
}

function apply(model: RulesetModel, change: RulesetChange): void {
  const table = tableOf(change);
  if (change.kind === 'add-table') {
    model.tables.add(table);
    return;
  }
  const key = keyOf(change);
  const rules = model.chains.get(key);
  if (change.kind === 'add-chain') {
    if (!model.tables.has(table)) throw refused(change, errnoNumbers.ENOENT);
    if (rules !== undefined && change.exclusive) throw refused(change, errnoNumbers.EEXIST);
    model.chains.set(key, rules ?? []);
    return;
  }
  if (rules === undefined) throw refused(change, errnoNumbers.ENOENT);
  switch (change.kind) {
    case 'remove-chain':
      if (isLedTo(model, change)) throw refused(change, errnoNumbers.EBUSY);
      model.chains.delete(key);
      return;
    case 'flush-chain':
      model.chains.set(key, []);
      return;
    case 'add-rule':
      if (!leadsSomewhere(model, change, change.rule)) throw refused(change, errnoNumbers.ENOENT);
      model.chains.set(key, [...rules, { ...change.rule, handle: model.nextHandle++ }]);
      return;
    case 'remove-rule':
      if (!rules.some(({ handle }) => handle === change.handle)) throw refused(change, errnoNumbers.ENOENT);
      model.chains.set(
        key,
        rules.filter(({ handle }) => handle !== change.handle),
      );
  }
}

function refused({ family, table }: RulesetChange, errno: number): KernelError {
  return new KernelError(`change nftables (${family} ${table})`, errno);
}

/** Whether a rule of another chain of the table leads to the chain. */
function isLedTo(model: RulesetModel, { family, table, chain }: ChainName): boolean {
  return [...model.chains].some(
    ([key, rules]) =>
      key.startsWith(`${family} ${table} `) && rules.some((rule) => targetsOf(rule.expressions).includes(chain)),
  );
}

function leadsSomewhere(model: RulesetModel, { family, table }: ChainName, { expressions }: Rule): boolean {
  return targetsOf(expressions).every((chain) => model.chains.has(keyOf({ family, table, chain })));
}

function targetsOf(expressions: readonly Expression[]): readonly string[] {
  return expressions.flatMap((one) => ('chain' in one ? [one.chain] : []));
}

function copyOf({ tables, chains, nextHandle }: RulesetModel): RulesetModel {
  return { tables: new Set(tables), chains: new Map(chains), nextHandle };
}

function tableOf({ family, table }: { readonly family: RulesetFamily; readonly table: string }): string {
  return `${family} ${table}`;
}

function keyOf({ family, table, chain }: ChainName): string {
  return `${family} ${table} ${chain}`;
}
