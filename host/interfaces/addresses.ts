import { hostInterface } from './interface.ts';
import type { Netns } from './namespaces.ts';
import { fromWitPrefix, type WitPrefix, witPrefix } from './values.ts';

/** Reading and changing the addresses of links. */
export const addresses = hostInterface('bulkhead:net/addresses@0.1.0', {
  all({ require, namespace }, { door }: Netns, index: number | undefined) {
    require({ kind: 'address.read', door });
    return namespace(door)
      .addresses(index)
      .map((one) => ({ ...one, prefix: witPrefix(one.prefix) }));
  },

  add: (
    { perform },
    { door }: Netns,
    index: number,
    prefix: WitPrefix,
    flags: { noDad: boolean; noPrefixRoute: boolean },
  ) => perform({ kind: 'address.add', door, index, prefix: fromWitPrefix(prefix), flags }),

  remove: ({ perform }, { door }: Netns, index: number, prefix: WitPrefix) =>
    perform({ kind: 'address.remove', door, index, prefix: fromWitPrefix(prefix) }),

  waitUntilUsable({ require, namespace }, { door }: Netns, index: number, timeoutMs: number) {
    require({ kind: 'address.read', door });
    namespace(door).waitUntilUsable(index, timeoutMs);
  },
});
