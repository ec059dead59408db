import { errnoNumbers, KernelError } from '../kernel/errors.ts';
import type { Link, LinkChange, LinkPlan, NetworkNamespace } from '../kernel/kernel.ts';
import { randomHex } from '../system/random.ts';
import { isOwned, know, type LinkIdentity, linkAt, linkOf, namespaceOf, type OperationContext } from './context.ts';
import type { OperationDefinition, Undo } from './definition.ts';
import type { EffectOf, Plan } from './effect.ts';
import type { Door, LinkBlueprint } from './operation.ts';
import { restorePort } from './restored-port.ts';
import { restoring, restoringEach } from './undoing.ts';

/**
 * A bridge in the host's namespace is shared, and a veth with both ends there; all else dies with the attachment. A veth is known by the name of the end that the host
 * names, drawn here; other links by a name that was free when the record was written.
 */
export const createLink: OperationDefinition<'link.create'> = {
  plan({ door, link }, context) {
    const namespace = namespaceOf(context, door);
    if (isShared(door, link)) {
      const effect: EffectOf<'link.create'> = { kind: 'link.create', door, name: link.name, linkKind: link.plan.kind };
      const exists = namespace.linkByName(link.name) !== undefined;
      return { scope: 'shared', object: `link ${link.name}`, effect: exists ? undefined : effect };
    }
    if (link.plan.kind === 'veth') return planVeth(door, link, context);
    const exists = namespace.linkByName(link.name) !== undefined;
    const effect: EffectOf<'link.create'> = { kind: 'link.create', door, name: link.name, linkKind: link.plan.kind };
    return { scope: 'private', effect: exists ? undefined : effect };
  },

  apply({ door, link }, plan, context) {
    const asked = kernelPlan(link, plan, context);
    const made = namespaceOf(context, door).createLink({ ...link, plan: asked });
    const both = endsOf(door, link, made);
    for (const end of both) context.made.add(end);
    if (plan.scope === 'private') for (const end of both) context.owned.add(end);
    know(context, door, made);
    return { link: made, peerName: asked.kind === 'veth' ? asked.peerName : undefined };
  },
};

export const undoCreateLink: Undo<'link.create'> = ({ door, name, linkKind }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  const link = namespace?.linkByName(name);
  if (namespace === undefined || link === undefined || link.kind !== linkKind) return;
  if (linkKind === 'bridge' && door === 'host' && portsOf(namespace, link).length > 0) return;
  restoring(() => namespace.removeLink(link.index));
};

export const changeLink: OperationDefinition<'link.change'> = {
  inSteps: true,

  plan({ door, index, change }, context) {
    if (isOwned(context, door, index)) return { scope: 'covered' };
    const link = linkOf(context, door, index);
    // It has none, and once it has one the kernel does not take it away.
    if (link.kind === 'loopback' && change.mac !== undefined)
      throw new KernelError(`give ${link.name} a hardware address`, errnoNumbers.EOPNOTSUPP);
    const before = fieldsBefore(link, change);
    const names = [link.name, ...(change.name === undefined ? [] : [change.name])];
    const port = before.controller ? namespaceOf(context, door).bridgePort(index) : undefined;
    const effect: EffectOf<'link.change'> = {
      ...{ kind: 'link.change', door, index, names, before },
      ...(port === undefined ? {} : { port }),
    };
    const changes = Object.keys(before).length > 0;
    return scoped(door, link.name, changes ? effect : undefined);
  },

  apply({ door, index, change }, _plan, context) {
    namespaceOf(context, door).changeLink(index, change);
    return undefined;
  },
};

export const undoChangeLink: Undo<'link.change'> = ({ door, index, names, before, port }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  const link = namespace?.linkByIndex(index);
  if (namespace === undefined || link === undefined || !names.includes(link.name)) return;
  // What is as it was is left: setting it again may do more than nothing.
  const changed = Object.keys(fieldsBefore(link, before));
  const fields = Object.fromEntries(
    Object.entries(before)
      .filter(([key]) => changed.includes(key))
      // Before Linux 6.2, a link that is up has the name that it has: down first, up last.
      .toSorted(([key], [other]) => rank(key, before) - rank(other, before)),
  );
  restoringEach<LinkChange>(fields, (field) => namespace.changeLink(index, field));
  if (port !== undefined) restorePort(namespace, index, port);
};

function rank(key: string, { up }: LinkChange): number {
  return key === 'up' ? (up === true ? 1 : -1) : 0;
}

export const moveLink: OperationDefinition<'link.move'> = {
  plan({ door, index, to, name }, context) {
    if (isOwned(context, door, index)) return { scope: 'covered' };
    // Where it came from is where it goes: nothing but a new name.
    if (to === door) {
      const change = name === undefined ? {} : { name };
      return changeLink.plan({ kind: 'link.change', door, index, change }, context);
    }
    const link = linkOf(context, door, index);
    const effect: EffectOf<'link.move'> = {
      kind: 'link.move',
      from: door,
      to,
      name: link.name,
      newName: name ?? link.name,
      index,
      linkKind: link.kind,
    };
    return { scope: 'private', effect };
  },

  apply({ door, index, to, name }, _plan, context) {
    const moved = namespaceOf(context, door).moveLink(index, namespaceOf(context, to), name);
    if (context.owned.delete(`${door} ${index}`)) context.owned.add(`${to} ${moved.index}`);
    return moved;
  },
};

/** Where somebody has taken its name meanwhile, it gets one as the kernel gives it to links of a namespace that ends. */
export const undoMoveLink: Undo<'link.move'> = ({ from, name, newName, index, linkKind }, context) => {
  const [origin, target] = from === 'host' ? [context.host, context.sandbox] : [context.sandbox, context.host];
  if (origin === undefined || target === undefined) return;
  const stayed = origin.linkByIndex(index);
  if (stayed?.name === name && stayed.kind === linkKind) return;
  // The kernel moves first and renames then.
  const link = [newName, name].map((one) => target.linkByName(one)).find((one) => one?.kind === linkKind);
  if (link === undefined) return;
  const back = origin.linkByName(name) === undefined ? name : spareName(origin);
  target.moveLink(link.index, origin, back);
};

/** Taking a link away is for DEL, which only goes forward; an ADD may take back what it made itself, which is undone with its making. */
export const removeLink: OperationDefinition<'link.remove'> = {
  plan: () => ({ scope: 'covered' }),

  apply({ door, index }, _plan, context) {
    const peer = door === 'sandbox' ? hostEnd(context, index) : undefined;
    if (peer === undefined) namespaceOf(context, door).removeLink(index);
    else context.host.removeLink(peer.index);
    context.owned.delete(`${door} ${index}`);
    return undefined;
  },
};

/** The host's end of a cable that is the attachment's own by the record: either end goes with the other, and those of the host may go together. */
function hostEnd(context: OperationContext, index: number): LinkIdentity | undefined {
  const link = linkAt(context, 'sandbox', index);
  if (link?.details.kind !== 'veth' || !isOwned(context, 'host', link.details.peerIndex)) return undefined;
  const end = linkAt(context, 'host', link.details.peerIndex);
  return end?.details.kind === 'veth' && end.details.peerIndex === index ? end : undefined;
}

/** What is done to a link of the host's that this attachment did not make is shared with all that use the link. */
export function scoped(door: Door, name: string, effect: Extract<Plan, { scope: 'private' }>['effect']): Plan {
  return door === 'host' ? { scope: 'shared', object: `link ${name}`, effect } : { scope: 'private', effect };
}

/** A bridge of the host's, and a pair with both ends there: the host's place in a VLAN of a bridge. */
function isShared(door: Door, { plan }: LinkBlueprint): boolean {
  return door === 'host' && (plan.kind === 'bridge' || (plan.kind === 'veth' && plan.peerDoor === 'host'));
}

/** `dev0` or the next that is free: default_device_exit_net (net/core/dev.c). */
function spareName(namespace: NetworkNamespace): string {
  for (let number = 0; ; number++) {
    if (namespace.linkByName(`dev${number}`) === undefined) return `dev${number}`;
  }
}

/** Ports of a bridge. */
function portsOf(namespace: NetworkNamespace, bridge: Link): readonly Link[] {
  return namespace.links().filter((link) => link.controller === bridge.index);
}

function planVeth(door: Door, link: LinkBlueprint, context: OperationContext): Plan {
  if (link.plan.kind !== 'veth') throw new TypeError('not a veth');
  const { peerDoor, peerName } = link.plan;
  const peers = namespaceOf(context, peerDoor);
  if (peerName === undefined) {
    return {
      scope: 'private',
      effect: { kind: 'link.create', door: peerDoor, name: drawName(peers), linkKind: 'veth' },
    };
  }
  const exists =
    peers.linkByName(peerName) !== undefined || namespaceOf(context, door).linkByName(link.name) !== undefined;
  const effect: EffectOf<'link.create'> = { kind: 'link.create', door: peerDoor, name: peerName, linkKind: 'veth' };
  return { scope: 'private', effect: exists ? undefined : effect };
}

/** `veth` and eight hexadecimal digits, as the reference names host ends. */
function drawName(namespace: NetworkNamespace): string {
  for (let attempt = 0; attempt < 10; attempt++) {
    const name = `veth${randomHex(4)}`;
    if (namespace.linkByName(name) === undefined) return name;
  }
  throw new KernelError('find a free name for the host end of a veth', 17);
}

function kernelPlan(link: LinkBlueprint, plan: Plan, context: OperationContext): LinkPlan {
  if (link.plan.kind !== 'veth') return { ...link.plan };
  const { peerDoor, peerName, peerMtu } = link.plan;
  const drawn = plan.scope === 'private' && plan.effect?.kind === 'link.create' ? plan.effect.name : undefined;
  const peerNamespace = namespaceOf(context, peerDoor);
  // A shared pair is known by the end that has a name of its own.
  const peer = { kind: 'veth' as const, peerName: peerName ?? drawn ?? drawName(peerNamespace), peerNamespace };
  return peerMtu === undefined ? peer : { ...peer, peerMtu };
}

function endsOf(door: Door, link: LinkBlueprint, made: Link): readonly `${Door} ${number}`[] {
  const { plan } = link;
  if (plan.kind !== 'veth' || made.details.kind !== 'veth') return [`${door} ${made.index}`];
  return [`${door} ${made.index}`, `${plan.peerDoor} ${made.details.peerIndex}`];
}

/** The fields of the link that the change would make different, as they are now. */
function fieldsBefore(link: Link, change: LinkChange): LinkChange {
  const now: Required<Omit<LinkChange, 'mac'>> & { mac: Link['mac'] } = {
    name: link.name,
    up: link.up,
    mtu: link.mtu,
    mac: link.mac,
    promiscuous: link.promiscuous,
    allMulticast: link.allMulticast,
    transmitQueueLength: link.transmitQueueLength,
    controller: link.controller ?? 0,
    alias: link.alias ?? '',
  };
  const wanted = change as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(now).filter(([key, value]) => wanted[key] !== undefined && wanted[key] !== value),
  );
}
