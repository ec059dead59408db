import { isOwned, linkAt, namespaceOf, type OperationContext } from './context.ts';
import type { EffectOf } from './effect.ts';
import type { Door, Operation } from './operation.ts';

/** A link of the attachment's own, as it is found and as it will be found; `to` is absent where it will be no more. */
export interface Following {
  readonly from: EffectOf<'link.create'>;
  readonly to: EffectOf<'link.create'> | undefined;
}

/**
 * The record knows links of the attachment's own by name. Where an operation is about to give one of them another name or namespace,
 * or takes it away, the record has to follow. Undefined where it finds what it found before.
 */
export function followingOf(operation: Operation, context: OperationContext): Following | undefined {
  switch (operation.kind) {
    case 'link.change': {
      const { door, index, change } = operation;
      return change.name === undefined ? undefined : follow(context, door, index, { door, name: change.name });
    }
    case 'link.move':
      return follow(context, operation.door, operation.index, { door: operation.to, name: operation.name });
    case 'link.remove':
      return follow(context, operation.door, operation.index);
    default:
      return undefined;
  }
}

function follow(
  context: OperationContext,
  door: Door,
  index: number,
  afterwards?: { readonly door: Door; readonly name: string | undefined },
): Following | undefined {
  const link = isOwned(context, door, index) ? linkAt(context, door, index) : undefined;
  if (link === undefined) return undefined;
  const from = { kind: 'link.create', door, name: link.name, linkKind: link.kind } as const;
  if (afterwards === undefined) return { from, to: undefined };
  const to = { ...from, door: afterwards.door, name: afterwards.name ?? link.name };
  if (to.door === door && to.name === link.name) return undefined;
  // Where somebody else has the name, the kernel is about to say so; the record must not name a link of theirs.
  const holder = namespaceOf(context, to.door).linkByName(to.name);
  return holder === undefined || holder.index === index ? { from, to } : undefined;
}
