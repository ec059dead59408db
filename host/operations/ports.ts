import type { BridgePort, BridgePortChange, VlanRange } from '../kernel/kernel.ts';
import { isOwned, linkOf, namespaceOf, type OperationContext } from './context.ts';
import type { OperationDefinition, Undo } from './definition.ts';
import type { EffectOf } from './effect.ts';
import { scoped } from './links.ts';
import type { Door } from './operation.ts';
import { restoring } from './undoing.ts';

export const changePort: OperationDefinition<'port.change'> = {
  inSteps: true,

  plan({ door, index, change }, context) {
    if (isOwned(context, door, index)) return { scope: 'covered' };
    const link = linkOf(context, door, index);
    const port = namespaceOf(context, door).bridgePort(index);
    const before = port === undefined ? {} : fieldsBefore(port, change);
    const effect: EffectOf<'port.change'> = { kind: 'port.change', door, index, name: link.name, before };
    return scoped(door, link, Object.keys(before).length > 0 ? effect : undefined);
  },

  apply({ door, index, change }, _plan, context) {
    namespaceOf(context, door).changeBridgePort(index, change);
    return undefined;
  },
};

export const undoChangePort: Undo<'port.change'> = ({ door, index, name, before }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace?.linkByIndex(index)?.name !== name) return;
  restoring(() => namespace.changeBridgePort(index, before));
};

export const addPortVlans: OperationDefinition<'port.add-vlans'> = {
  inSteps: true,

  plan: ({ kind, door, index, vlans }, context) => planVlans(kind, door, index, vlans, context),
  apply({ door, index, vlans }, _plan, context) {
    namespaceOf(context, door).addPortVlans(index, vlans);
    return undefined;
  },
};

export const removePortVlans: OperationDefinition<'port.remove-vlans'> = {
  inSteps: true,

  plan: ({ kind, door, index, vlans }, context) => planVlans(kind, door, index, vlans, context),
  apply({ door, index, vlans }, _plan, context) {
    namespaceOf(context, door).removePortVlans(index, vlans);
    return undefined;
  },
};

export const undoPortVlans: Undo<'port.add-vlans' | 'port.remove-vlans'> = (
  { kind, door, index, name, vlans },
  context,
) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace?.linkByIndex(index)?.name !== name) return;
  restoring(() =>
    kind === 'port.add-vlans' ? namespace.removePortVlans(index, vlans) : namespace.addPortVlans(index, vlans),
  );
};

function planVlans(
  kind: 'port.add-vlans' | 'port.remove-vlans',
  door: Door,
  index: number,
  vlans: readonly VlanRange[],
  context: OperationContext,
) {
  if (isOwned(context, door, index)) return { scope: 'covered' } as const;
  const link = linkOf(context, door, index);
  return scoped(door, link, { kind, door, index, name: link.name, vlans });
}

function fieldsBefore(port: BridgePort, change: BridgePortChange): BridgePortChange {
  return {
    ...(change.hairpin !== undefined && change.hairpin !== port.hairpin ? { hairpin: port.hairpin } : {}),
    ...(change.isolated !== undefined && change.isolated !== port.isolated ? { isolated: port.isolated } : {}),
  };
}
