import { orFault } from './fault.ts';
import { hostInterface } from './interface.ts';
import type { Netns } from './namespaces.ts';
import { fromWitPrefix, type WitPrefix, witPrefix } from './values.ts';

/** Reading and changing the addresses of links. */
export const addresses = hostInterface('bulkhead:net/addresses@0.1.0', ({ namespace, perform, require }) => ({
  all: ({ door }: Netns, index: number | undefined) =>
    orFault(() => {
      require({ kind: 'address.read', door });
      const found = namespace(door).addresses(index);
      return found.map((one) => ({ ...one, prefix: witPrefix(one.prefix) }));
    }),

  add: ({ door }: Netns, index: number, prefix: WitPrefix, flags: { noDad: boolean; noPrefixRoute: boolean }) =>
    orFault(() => perform({ kind: 'address.add', door, index, prefix: fromWitPrefix(prefix), flags })),

  remove: ({ door }: Netns, index: number, prefix: WitPrefix) =>
    orFault(() => perform({ kind: 'address.remove', door, index, prefix: fromWitPrefix(prefix) })),

  waitUntilUsable: ({ door }: Netns, index: number, timeoutMs: number) =>
    orFault(() => {
      require({ kind: 'address.read', door });
      namespace(door).waitUntilUsable(index, timeoutMs);
    }),
}));
