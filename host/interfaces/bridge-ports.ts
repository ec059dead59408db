import type { BridgePortChange, VlanRange } from '../kernel/kernel.ts';
import { orFault } from './fault.ts';
import { hostInterface } from './interface.ts';
import type { Netns } from './namespaces.ts';

/** A link as a port of a bridge. */
export const bridgePorts = hostInterface('bulkhead:net/bridge-ports@0.1.0', ({ namespace, perform, require }) => ({
  read: ({ door }: Netns, index: number) =>
    orFault(() => {
      require({ kind: 'link.read', door });
      return namespace(door).bridgePort(index);
    }),
  change: ({ door }: Netns, index: number, change: BridgePortChange) =>
    orFault(() => perform({ kind: 'port.change', door, index, change })),
  addVlans: ({ door }: Netns, index: number, vlans: readonly VlanRange[]) =>
    orFault(() => perform({ kind: 'port.add-vlans', door, index, vlans })),
  removeVlans: ({ door }: Netns, index: number, vlans: readonly VlanRange[]) =>
    orFault(() => perform({ kind: 'port.remove-vlans', door, index, vlans })),
}));
