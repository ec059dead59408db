import type { OperationContext } from './context.ts';
import type { Effect, EffectOf, Plan, SharedObject } from './effect.ts';
import type { OperationKind, OperationOf, ValueOf } from './operation.ts';

/** One kind of operation: what it will change, doing it, and undoing it, next to each other so that none is forgotten. */
export interface OperationDefinition<K extends OperationKind> {
  /** What it is on, where others may use that, too, as far as that can be told without looking: it is planned under the lock then, and once. */
  readonly sharedObject?: (operation: OperationOf<K>, context: OperationContext) => SharedObject | undefined;
  /** Reads what is there, draws identities, and changes nothing. */
  readonly plan: (operation: OperationOf<K>, context: OperationContext) => Plan;
  /** The kernel makes the change in steps: where it refuses one of them, those before it have to be taken back. */
  readonly inSteps?: true;
  /** The effect as the kernel shows it once it is there, which need not be as it was asked for. */
  readonly seen?: (effect: Effect, context: OperationContext) => Effect;
  /** Does it, with the identity that was drawn. */
  readonly apply: (operation: OperationOf<K>, plan: Plan, context: OperationContext) => ValueOf<K>;
}

/** How an effect is taken back. Whatever is gone already is left; running it twice does no harm. */
export type Undo<K extends Effect['kind']> = (effect: EffectOf<K>, context: OperationContext) => void;
