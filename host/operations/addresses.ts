import type { NetworkNamespace, Route } from '../kernel/kernel.ts';
import { ipFamily } from '../net/ip.ts';
import { type IpPrefix, networkOf, prefixAddress } from '../net/prefix.ts';
import { isOwned, linkNameOf, namespaceOf } from './context.ts';
import type { OperationDefinition, Undo } from './definition.ts';
import type { EffectOf } from './effect.ts';
import { scoped } from './links.ts';
import { restoring } from './undoing.ts';

export const addAddress: OperationDefinition<'address.add'> = {
  plan({ door, index, prefix }, context) {
    if (isOwned(context, door, index)) return { scope: 'covered' };
    const name = linkNameOf(context, door, index);
    const namespace = namespaceOf(context, door);
    const there = namespace.addresses(index).some((one) => one.prefix === prefix);
    const unrouted = networkRoute(namespace, index, prefix) ? [] : neighbours(namespace, index, prefix);
    const effect: EffectOf<'address.add'> = {
      ...{ kind: 'address.add', door, index, name, prefix },
      ...(unrouted.length === 0 ? {} : { unrouted }),
    };
    return scoped(door, name, there ? undefined : effect);
  },

  apply({ door, index, prefix, flags }, _plan, context) {
    namespaceOf(context, door).addAddress(index, prefix, flags);
    return undefined;
  },
};

export const undoAddAddress: Undo<'address.add'> = ({ door, index, name, prefix, unrouted = [] }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace?.linkByIndex(index)?.name !== name) return;
  restoring(() => namespace.removeAddress(index, prefix));
  const left = neighbours(namespace, index, prefix);
  if (left.length === 0 || !left.every((one) => unrouted.includes(one))) return;
  const route = networkRoute(namespace, index, prefix);
  if (route !== undefined) restoring(() => namespace.removeRoute(route));
};

/** Other IPv6 addresses of just that network. */
function neighbours(namespace: NetworkNamespace, index: number, prefix: IpPrefix): readonly IpPrefix[] {
  if (ipFamily(prefixAddress(prefix)) === 4) return [];
  const all = namespace.addresses(index).map((one) => one.prefix);
  return all.filter((one) => one !== prefix && networkOf(one) === networkOf(prefix));
}

/** The route that comes with an IPv6 address: by the kernel (RTPROT_KERNEL of linux/rtnetlink.h), to its network. */
function networkRoute(namespace: NetworkNamespace, index: number, prefix: IpPrefix): Route | undefined {
  if (ipFamily(prefixAddress(prefix)) === 4) return undefined;
  return namespace.routes({ index }).find((one) => one.destination === networkOf(prefix) && one.protocol === 2);
}

/** Not an exact inverse: the kernel takes routes through the address with it (docs/architecture.md lists such operations). */
export const removeAddress: OperationDefinition<'address.remove'> = {
  plan({ door, index, prefix }, context) {
    if (isOwned(context, door, index)) return { scope: 'covered' };
    const name = linkNameOf(context, door, index);
    const there = namespaceOf(context, door)
      .addresses(index)
      .some((one) => one.prefix === prefix);
    const effect: EffectOf<'address.remove'> = { kind: 'address.remove', door, index, name, prefix };
    return scoped(door, name, there ? effect : undefined);
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
