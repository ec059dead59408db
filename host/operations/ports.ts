import type { BridgePort, BridgePortChange } from '../kernel/kernel.ts';
import { isOwned, linkNameOf, namespaceOf, type OperationContext } from './context.ts';
import type { OperationDefinition, Undo } from './definition.ts';
import type { EffectOf } from './effect.ts';
import { scoped } from './links.ts';
import type { Door } from './operation.ts';
import { restoreVlans } from './restored-port.ts';
import { restoringEach } from './undoing.ts';

export const changePort: OperationDefinition<'port.change'> = {
  inSteps: true,

  plan({ door, index, change }, context) {
    if (isOwned(context, door, index)) return { scope: 'covered' };
    const name = linkNameOf(context, door, index);
    const port = namespaceOf(context, door).bridgePort(index);
    const before = port === undefined ? {} : fieldsBefore(port, change);
    const effect: EffectOf<'port.change'> = { kind: 'port.change', door, index, name, before };
    return scoped(door, name, Object.keys(before).length > 0 ? effect : undefined);
  },

  apply({ door, index, change }, _plan, context) {
    namespaceOf(context, door).changeBridgePort(index, change);
    return undefined;
  },
};

export const undoChangePort: Undo<'port.change'> = ({ door, index, name, before }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace?.linkByIndex(index)?.name !== name || namespace.bridgePort(index) === undefined) return;
  restoringEach(before, (field) => namespace.changeBridgePort(index, field));
};

export const addPortVlans: OperationDefinition<'port.add-vlans'> = {
  inSteps: true,

  plan: ({ kind, door, index }, context) => planVlans(kind, door, index, context),
  apply({ door, index, vlans }, _plan, context) {
    namespaceOf(context, door).addPortVlans(index, vlans);
    return undefined;
  },
};

export const removePortVlans: OperationDefinition<'port.remove-vlans'> = {
  inSteps: true,

  plan: ({ kind, door, index }, context) => planVlans(kind, door, index, context),
  apply({ door, index, vlans }, _plan, context) {
    namespaceOf(context, door).removePortVlans(index, vlans);
    return undefined;
  },
};

export const undoPortVlans: Undo<'port.add-vlans' | 'port.remove-vlans'> = ({ door, index, name, before }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace?.linkByIndex(index)?.name === name) restoreVlans(namespace, index, before);
};

function planVlans(kind: 'port.add-vlans' | 'port.remove-vlans', door: Door, index: number, context: OperationContext) {
  if (isOwned(context, door, index)) return { scope: 'covered' } as const;
  const name = linkNameOf(context, door, index);
  const port = namespaceOf(context, door).bridgePort(index);
  const effect = port && ({ kind, door, index, name, before: port.vlans } as const);
  return scoped(door, name, effect);
}

function fieldsBefore(port: BridgePort, change: BridgePortChange): BridgePortChange {
  return {
    ...(change.hairpin !== undefined && change.hairpin !== port.hairpin ? { hairpin: port.hairpin } : {}),
    ...(change.isolated !== undefined && change.isolated !== port.isolated ? { isolated: port.isolated } : {}),
  };
}
