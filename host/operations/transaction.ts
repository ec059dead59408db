import { errnoNumbers, KernelError, StepError } from '../kernel/errors.ts';
import type { Entry } from '../records/journal.ts';
import { type AttachmentRecord, newestFirst } from '../records/record.ts';
import type { RecordStore } from '../records/store.ts';
import type { Deadline } from '../system/deadline.ts';
import { definitions, undo } from './catalog.ts';
import { know, type LinkIdentity, namespaceOf, type OperationContext } from './context.ts';
import type { OperationDefinition } from './definition.ts';
import type { Effect, EffectOf, Plan, SharedObject } from './effect.ts';
import { type Following, followingOf } from './following.ts';
import type { SharedLocks } from './locks.ts';
import type { Door, Operation, OperationKind, OperationOf, ValueOf } from './operation.ts';

/** The stages that every operation passes, in this order. */
export type Stage = 'authorize' | 'record' | 'apply' | 'applied';

export interface TransactionOptions {
  readonly context: OperationContext;
  /** Undefined for verbs that change nothing. */
  readonly record: AttachmentRecord | undefined;
  readonly records: RecordStore;
  readonly locks: SharedLocks;
  readonly deadline: () => Deadline;
  /** ADD takes back what it did where it fails; DEL and GC only go forward, and need no intents. */
  readonly direction: 'reversible' | 'forward';
  /** Throws where the operation is not allowed; nothing was done then. */
  readonly authorize: (operation: Operation) => void;
  /** Looks on: audit, tests. What it throws at a stage fails the operation there. */
  readonly observe?: ((stage: Stage, operation: Operation) => void) | undefined;
}

/** The one way to the kernel: authorize, record, apply. */
export class Transaction {
  readonly #options: TransactionOptions;

  constructor(options: TransactionOptions) {
    this.#options = options;
  }

  /** Throws what `authorize` throws, KernelError, LeaseError, LockTimeout. */
  perform<K extends OperationKind>(operation: OperationOf<K> & Operation): ValueOf<K> {
    this.#allow(operation);
    return this.#performAllowed(operation);
  }

  /**
   * Performs them one after the other, all of them behind one door; none is carried out where one is not allowed. Those that die with a link of
   * the attachment's own go to the kernel together. Throws StepError for the first that fails.
   */
  performAll(door: Door, operations: readonly Operation[]): void {
    for (const [position, operation] of operations.entries()) asStep(position, () => this.#allow(operation));
    const waiting: Operation[] = [];
    const perform = (position: number) => this.#coverTogether(door, waiting.splice(0), position);
    for (const [position, operation] of operations.entries()) {
      let plan: Plan | undefined;
      try {
        this.#assertInTime(operation);
        plan = this.#planAhead(operation);
      } catch (error) {
        perform(position);
        throw new StepError(position, error);
      }
      if (plan?.scope === 'covered' && followingOf(operation, this.#options.context) === undefined)
        waiting.push(operation);
      else {
        // What is done first may change what is to be done.
        if (waiting.length > 0) plan = undefined;
        perform(position);
        asStep(position, () => this.#performAllowed(operation, plan));
      }
    }
    perform(operations.length);
  }

  /** wasmtime ends guests only: between operations nobody else looks at the time. */
  #assertInTime({ kind }: Operation): void {
    if (this.#options.deadline().passed)
      throw new KernelError(`begin with ${kind}`, errnoNumbers.ETIMEDOUT, undefined, { refused: true });
  }

  /** `end` is the position after the last of them. Throws StepError. */
  #coverTogether(door: Door, operations: readonly Operation[], end: number): void {
    if (operations.length === 0) return;
    const { context, observe } = this.#options;
    const first = end - operations.length;
    const namespace = asStep(first, () => namespaceOf(context, door));
    let failed: StepError | undefined;
    try {
      namespace.together(operations.map((operation) => () => this.#applyCovered(operation)));
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      failed = error;
    } finally {
      if (operations.some(changesIdentity)) context.known.clear();
    }
    const applied = operations.slice(0, failed?.position);
    for (const [i, operation] of applied.entries()) asStep(first + i, () => observe?.('applied', operation));
    if (failed !== undefined) throw new StepError(first + failed.position, failed.cause);
  }

  #applyCovered<K extends OperationKind>(operation: OperationOf<K> & Operation): ValueOf<K> {
    return this.#apply(definitions[operation.kind as K], operation, { scope: 'covered' });
  }

  /** Undefined where it has to be planned under a lock. */
  #planAhead<K extends OperationKind>(operation: OperationOf<K> & Operation): Plan | undefined {
    const { context, direction } = this.#options;
    if (direction === 'forward') return { scope: 'covered' };
    const { plan, sharedObject } = definitions[operation.kind as K];
    return sharedObject?.(operation, context) === undefined ? plan(operation, context) : undefined;
  }

  #allow(operation: Operation): void {
    this.#options.observe?.('authorize', operation);
    this.#options.authorize(operation);
  }

  #performAllowed<K extends OperationKind>(operation: OperationOf<K> & Operation, planned?: Plan): ValueOf<K> {
    try {
      const value = this.#carryOut(definitions[operation.kind as K], operation, planned);
      this.#options.observe?.('applied', operation);
      return value;
    } finally {
      if (changesIdentity(operation)) this.#options.context.known.clear();
    }
  }

  /** Hears what a plugin was told of a link. */
  know(door: Door, link: LinkIdentity): void {
    know(this.#options.context, door, link);
  }

  /**
   * Reads something shared that the attachment is going to rely on, where it is what `isReliedOn` looks for: from here on it is in use, and
   * stays. What may not be there is looked for before there is a lock of it, which is a file that stays.
   */
  rely<T>(object: SharedObject, read: () => T, isReliedOn: (found: T) => boolean = () => true): T {
    const { direction, record, locks } = this.#options;
    if (direction === 'forward' || record === undefined || record.state.uses.has(object)) return read();
    if (!locks.has(object)) {
      const found = read();
      if (!isReliedOn(found)) return found;
    }
    return this.#locked(object, () => {
      const found = read();
      if (isReliedOn(found)) record.use(object);
      return found;
    });
  }

  /** Runs something that has an inverse of its own, with the same record: a delegate's ADD. */
  recorded<T>(effect: Effect, body: () => T): T {
    const number = this.#options.record?.intend(effect);
    const value = body();
    if (number !== undefined) this.#options.record?.done(number);
    return value;
  }

  /** Notes that effects of that kind have been taken back by somebody else: a delegate by its own DEL. */
  settle(isSettled: (effect: Effect) => boolean): void {
    const { record } = this.#options;
    for (const { number, effect } of [...(record?.state.open ?? []), ...(record?.state.committed ?? [])]) {
      if (isSettled(effect)) record?.undone(number);
    }
  }

  /**
   * Takes back what the call that was cut short did, newest first. Shared things go only where nobody else uses them.
   * Goes on past errors, and returns them; what they are about stays on record.
   */
  rollBack(): unknown[] {
    return this.#undoAll(newestFirst(this.#options.record?.state.open ?? []));
  }

  /** Takes back all that dies with the attachment, newest first. Shared things stay. */
  release(): unknown[] {
    const { record } = this.#options;
    const entries = [...(record?.state.committed ?? []), ...(record?.state.open ?? [])];
    for (const { number } of entries.filter((entry) => entry.object !== undefined)) record?.undone(number);
    return this.#undoAll(newestFirst(entries.filter((entry) => entry.object === undefined)));
  }

  #carryOut<K extends OperationKind>(
    definition: OperationDefinition<K>,
    operation: OperationOf<K> & Operation,
    planned: Plan | undefined,
  ): ValueOf<K> {
    const { context, direction } = this.#options;
    if (direction === 'forward') return this.#cover(definition, operation, { scope: 'covered' });
    const plan = () => definition.plan(operation, context);
    const object = definition.sharedObject?.(operation, context);
    if (object !== undefined) return this.#runShared(definition, operation, object, plan);
    const first = planned ?? plan();
    if (first.scope !== 'shared') return this.#run(definition, operation, first);
    // What was seen before the lock may have changed by now.
    return this.#locked(first.object, () => this.#run(definition, operation, plan()));
  }

  /** What is in use by this attachment, and as it is to be, nobody takes back: that needs no lock. */
  #runShared<K extends OperationKind>(
    definition: OperationDefinition<K>,
    operation: OperationOf<K> & Operation,
    object: SharedObject,
    plan: () => Plan,
  ): ValueOf<K> {
    const unlocked = this.#options.record?.state.uses.has(object) === true ? plan() : undefined;
    if (unlocked?.scope === 'shared' && unlocked.effect === undefined)
      return this.#run(definition, operation, unlocked);
    return this.#locked(object, () => this.#run(definition, operation, plan()));
  }

  #run<K extends OperationKind>(
    definition: OperationDefinition<K>,
    operation: OperationOf<K> & Operation,
    plan: Plan,
  ): ValueOf<K> {
    const { record, observe } = this.#options;
    if (plan.scope === 'covered') return this.#cover(definition, operation, plan);
    observe?.('record', operation);
    if (plan.scope === 'shared') record?.use(plan.object);
    if (plan.effect === undefined) return this.#apply(definition, operation, plan);
    const object = plan.scope === 'shared' ? plan.object : undefined;
    const number = record?.intend(plan.effect, object);
    if (record === undefined || number === undefined) return this.#apply(definition, operation, plan);
    try {
      const value = this.#apply(definition, operation, plan);
      const seen = this.#seen(definition, plan.effect);
      if (seen === plan.effect) record.done(number);
      else {
        record.done(record.intend(seen, object));
        record.undone(number);
      }
      return value;
    } catch (error) {
      this.#takeBackNow(number, error, definition, plan.effect);
      throw error;
    }
  }

  #seen<K extends OperationKind>({ seen }: OperationDefinition<K>, effect: Effect): Effect {
    return seen?.(effect, this.#options.context) ?? effect;
  }

  /** Needs no entry of its own; but a link of the attachment's own that gets another name or namespace is on record as what it is then. */
  #cover<K extends OperationKind>(
    definition: OperationDefinition<K>,
    operation: OperationOf<K> & Operation,
    plan: Plan,
  ): ValueOf<K> {
    const { context, record } = this.#options;
    const apply = () => this.#apply(definition, operation, plan);
    const following = record && followingOf(operation, context);
    return record === undefined || following === undefined ? apply() : this.#follow(record, following, apply);
  }

  #follow<T>(record: AttachmentRecord, { from, to }: Following, change: () => T): T {
    const entries = [...record.state.committed, ...record.state.open];
    const before = entries.filter(({ effect, object }) => object === undefined && isSameLink(effect, from));
    const number = to && record.intend(to);
    const arrived = () => {
      if (number !== undefined) record.done(number);
      for (const entry of before) record.undone(entry.number);
    };
    try {
      const value = change();
      arrived();
      return value;
    } catch (error) {
      // Else both stay on record, and whichever is there is found.
      if (error instanceof KernelError && number !== undefined) {
        if (this.#isThere(from)) record.undone(number);
        else if (error.refused) arrived();
      }
      throw error;
    }
  }

  #isThere({ door, name, linkKind }: EffectOf<'link.create'>): boolean {
    const { host, sandbox } = this.#options.context;
    try {
      return (door === 'host' ? host : sandbox)?.linkByName(name)?.kind === linkKind;
    } catch (error) {
      if (error instanceof KernelError) return false;
      throw error;
    }
  }

  /**
   * After an error of the kernel. Where it refused, nothing was done, but of a change in several steps some may have been. Where it is not
   * known what was done, or it cannot be taken back now, it stays on record, and is taken back with the rest.
   */
  #takeBackNow<K extends OperationKind>(
    number: number,
    error: unknown,
    definition: OperationDefinition<K>,
    effect: Effect,
  ): void {
    if (!(error instanceof KernelError) || error.is('ETIMEDOUT')) return;
    try {
      if (!error.refused || definition.inSteps) undo(this.#seen(definition, effect), this.#options.context);
    } catch (again) {
      if (again instanceof KernelError) return;
      throw again;
    }
    this.#options.record?.undone(number);
  }

  #apply<K extends OperationKind>(
    definition: OperationDefinition<K>,
    operation: OperationOf<K> & Operation,
    plan: Plan,
  ): ValueOf<K> {
    this.#options.observe?.('apply', operation);
    return definition.apply(operation, plan, this.#options.context);
  }

  #undoAll(entries: readonly Entry[]): unknown[] {
    const errors: unknown[] = [];
    for (const { number, effect, object } of entries) {
      try {
        if (object === undefined) undo(effect, this.#options.context);
        else this.#undoShared(effect, object);
        this.#options.record?.undone(number);
      } catch (error) {
        errors.push(error);
      } finally {
        this.#options.context.known.clear();
      }
    }
    return errors;
  }

  #undoShared(effect: Effect, object: SharedObject): void {
    const { records, record, context } = this.#options;
    this.#locked(object, () => {
      if (record !== undefined && records.isUsedByOthers(object, record.attachment)) return;
      if (hasForeignPorts(object, context)) return;
      undo(effect, context);
    });
  }

  #locked<T>(object: SharedObject, body: () => T): T {
    return this.#options.locks.with(object, this.#options.deadline(), body);
  }
}

/** What the body throws is the error of that step. */
function asStep<T>(position: number, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw new StepError(position, error);
  }
}

function isSameLink(effect: Effect, { door, name, linkKind }: EffectOf<'link.create'>): boolean {
  return effect.kind === 'link.create' && effect.door === door && effect.name === name && effect.linkKind === linkKind;
}

/** Ports of a bridge that this attachment did not make: somebody without a record, such as the Go plugins, uses it. */
function hasForeignPorts(object: SharedObject, context: OperationContext): boolean {
  const [kind, name] = object.split(' ');
  const link = kind === 'link' && name !== undefined ? context.host.linkByName(name) : undefined;
  if (link === undefined) return false;
  return context.host
    .links()
    .some((port) => port.controller === link.index && !context.owned.has(`host ${port.index}`));
}

/** Whether a link may be another one than before, or not be. */
function changesIdentity(operation: Operation): boolean {
  if (operation.kind === 'link.change') {
    const { name, mac, mtu } = operation.change;
    return name !== undefined || mac !== undefined || mtu !== undefined;
  }
  return operation.kind === 'link.move' || operation.kind === 'link.remove';
}
