import type { BridgePortChange, VlanRange } from '../kernel/kernel.ts';
import { hostInterface } from './interface.ts';
import type { Netns } from './namespaces.ts';

/** A link as a port of a bridge. */
export const bridgePorts = hostInterface('bulkhead:net/bridge-ports@0.1.0', {
  read({ require, namespace }, { door }: Netns, index: number) {
    require({ kind: 'link.read', door });
    return namespace(door).bridgePort(index);
  },
  change: ({ perform }, { door }: Netns, index: number, change: BridgePortChange) =>
    perform({ kind: 'port.change', door, index, change }),
  addVlans: ({ perform }, { door }: Netns, index: number, vlans: readonly VlanRange[]) =>
    perform({ kind: 'port.add-vlans', door, index, vlans }),
  removeVlans: ({ perform }, { door }: Netns, index: number, vlans: readonly VlanRange[]) =>
    perform({ kind: 'port.remove-vlans', door, index, vlans }),
});
