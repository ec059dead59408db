import type { NetworkNamespace, Route } from '../kernel/kernel.ts';
import { ipFamily } from '../net/ip.ts';
import { networkOf, prefixAddress } from '../net/prefix.ts';
import { isOwned, namespaceOf, type OperationContext } from './context.ts';
import type { OperationDefinition, Undo } from './definition.ts';
import type { Effect, Plan } from './effect.ts';
import type { Door, OperationOf } from './operation.ts';
import { restoring } from './undoing.ts';

export const addRoute: OperationDefinition<'route.add'> = {
  plan: (operation, context) => planRoute(operation, context),
  apply({ door, route }, _plan, context) {
    namespaceOf(context, door).addRoute(route);
    return undefined;
  },
};

export const undoAddRoute: Undo<'route.add'> = ({ door, route, before }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace !== undefined) removeNew(namespace, route, before);
};

export const replaceRoute: OperationDefinition<'route.replace'> = {
  plan: (operation, context) => planRoute(operation, context),
  apply({ door, route }, _plan, context) {
    namespaceOf(context, door).replaceRoute(route);
    return undefined;
  },
};

export const undoReplaceRoute: Undo<'route.replace'> = ({ door, route, before }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace === undefined) return;
  removeNew(namespace, route, before);
  addMissing(namespace, route, before);
};

export const removeRoute: OperationDefinition<'route.remove'> = {
  plan: (operation, context) => planRoute(operation, context),
  apply({ door, route }, _plan, context) {
    namespaceOf(context, door).removeRoute(route);
    return undefined;
  },
};

export const undoRemoveRoute: Undo<'route.remove'> = ({ door, route, before }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace !== undefined) addMissing(namespace, route, before);
};

function planRoute(
  { kind, door, route }: OperationOf<'route.add' | 'route.replace' | 'route.remove'>,
  context: OperationContext,
): Plan {
  if (coveredBy(door, route, context)) return { scope: 'covered' };
  return scoped(door, route, { kind, door, route, before: toDestination(namespaceOf(context, door), route) });
}

/** Takes away the route that was added. Its metrics do not tell it, since the kernel caps them; that it was not there before does. */
function removeNew(namespace: NetworkNamespace, route: Route, before: readonly Route[]): void {
  const isNew = (one: Route) => !before.some((other) => isSame(one, other));
  const made = toDestination(namespace, route).find((one) => isNew(one) && hasKey(one, route));
  if (made !== undefined) restoring(() => namespace.removeRoute(made));
}

/** Puts back what is not there any more. The last first: of IPv4 routes alike, the newest is the first. */
function addMissing(namespace: NetworkNamespace, route: Route, before: readonly Route[]): void {
  const now = toDestination(namespace, route);
  const missing = before.filter((one) => !now.some((other) => isSame(one, other)));
  const ordered = isIpv6(route) ? missing : missing.toReversed();
  for (const one of ordered) restoring(() => namespace.addRoute(one));
}

/** A route that leaves by a link of this attachment's own dies with the link. */
function coveredBy(door: Door, route: Route, context: OperationContext): boolean {
  return route.index !== undefined && isOwned(context, door, route.index);
}

function scoped(door: Door, route: Route, effect: Effect | undefined): Plan {
  return door === 'host'
    ? { scope: 'shared', object: `route ${networkOf(route.destination)}`, effect }
    : { scope: 'private', effect };
}

function toDestination(namespace: NetworkNamespace, { destination, table }: Route): readonly Route[] {
  const network = networkOf(destination);
  return namespace.routes(table ? { table } : {}).filter((one) => one.destination === network);
}

/** Whether the route that the kernel shows is the one that was asked for. What was left open, the kernel chose. */
function hasKey(shown: Route, route: Route): boolean {
  const priority = route.priority || (isIpv6(route) ? ipv6Priority : 0);
  return (
    (shown.kind ?? 'unicast') === (route.kind ?? 'unicast') &&
    (shown.priority ?? 0) === priority &&
    gatewayOf(shown) === gatewayOf(route) &&
    (route.index === undefined || shown.kind === 'blackhole' || shown.index === route.index)
  );
}

function isSame(a: Route, b: Route): boolean {
  const fields = new Set([...Object.keys(a), ...Object.keys(b)] as (keyof Route)[]);
  return [...fields].every((field) => a[field] === b[field]);
}

/** That of all zeros is none to the kernel. */
function gatewayOf({ gateway }: Route): Route['gateway'] {
  return gateway === '0.0.0.0' || gateway === '::' ? undefined : gateway;
}

function isIpv6({ destination }: Route): boolean {
  return ipFamily(prefixAddress(destination)) === 6;
}

/** linux/ipv6_route.h: IP6_RT_PRIO_USER, for a route that asks for none. */
const ipv6Priority = 1024;
