import { isOwned, linkOf, namespaceOf } from './context.ts';
import type { OperationDefinition, Undo } from './definition.ts';
import type { EffectOf } from './effect.ts';
import { scoped } from './links.ts';
import { restoring } from './undoing.ts';

export const addAddress: OperationDefinition<'address.add'> = {
  plan({ door, index, prefix }, context) {
    if (isOwned(context, door, index)) return { scope: 'covered' };
    const link = linkOf(context, door, index);
    const there = namespaceOf(context, door)
      .addresses(index)
      .some((one) => one.prefix === prefix);
    const effect: EffectOf<'address.add'> = { kind: 'address.add', door, index, name: link.name, prefix };
    return scoped(door, link, there ? undefined : effect);
  },

  apply({ door, index, prefix, flags }, _plan, context) {
    namespaceOf(context, door).addAddress(index, prefix, flags);
    return undefined;
  },
};

export const undoAddAddress: Undo<'address.add'> = ({ door, index, name, prefix }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace?.linkByIndex(index)?.name !== name) return;
  restoring(() => namespace.removeAddress(index, prefix));
};

/** Not an exact inverse: the kernel takes routes through the address with it (docs/architecture.md lists such operations). */
export const removeAddress: OperationDefinition<'address.remove'> = {
  plan({ door, index, prefix }, context) {
    if (isOwned(context, door, index)) return { scope: 'covered' };
    const link = linkOf(context, door, index);
    const there = namespaceOf(context, door)
      .addresses(index)
      .some((one) => one.prefix === prefix);
    const effect: EffectOf<'address.remove'> = { kind: 'address.remove', door, index, name: link.name, prefix };
    return scoped(door, link, there ? effect : undefined);
  },

  apply({ door, index, prefix }, _plan, context) {
    namespaceOf(context, door).removeAddress(index, prefix);
    return undefined;
  },
};

export const undoRemoveAddress: Undo<'address.remove'> = ({ door, index, name, prefix }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace?.linkByIndex(index)?.name !== name) return;
  restoring(() => namespace.addAddress(index, prefix));
};
