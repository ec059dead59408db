import type { NetworkNamespace, Route } from '../kernel/kernel.ts';
import { isOwned, namespaceOf, type OperationContext } from './context.ts';
import type { OperationDefinition, Undo } from './definition.ts';
import type { Effect, EffectOf, Plan } from './effect.ts';
import type { Door } from './operation.ts';
import { restoring } from './undoing.ts';

export const addRoute: OperationDefinition<'route.add'> = {
  plan({ door, route }, context) {
    if (coveredBy(door, route, context)) return { scope: 'covered' };
    const there = like(namespaceOf(context, door), route).length > 0;
    const effect: EffectOf<'route.add'> = { kind: 'route.add', door, route };
    return scoped(door, route, there ? undefined : effect);
  },

  apply({ door, route }, _plan, context) {
    namespaceOf(context, door).addRoute(route);
    return undefined;
  },
};

export const undoAddRoute: Undo<'route.add'> = ({ door, route }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace !== undefined) restoring(() => namespace.removeRoute(route));
};

export const replaceRoute: OperationDefinition<'route.replace'> = {
  plan({ door, route }, context) {
    if (coveredBy(door, route, context)) return { scope: 'covered' };
    const before = sameKey(namespaceOf(context, door), route);
    const effect: EffectOf<'route.replace'> = { kind: 'route.replace', door, route, before };
    return scoped(door, route, effect);
  },

  apply({ door, route }, _plan, context) {
    namespaceOf(context, door).replaceRoute(route);
    return undefined;
  },
};

export const undoReplaceRoute: Undo<'route.replace'> = ({ door, route, before }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace === undefined) return;
  restoring(() => namespace.removeRoute(route));
  for (const one of before) restoring(() => namespace.addRoute(one));
};

export const removeRoute: OperationDefinition<'route.remove'> = {
  plan({ door, route }, context) {
    if (coveredBy(door, route, context)) return { scope: 'covered' };
    const [there] = like(namespaceOf(context, door), route);
    return scoped(door, route, there === undefined ? undefined : { kind: 'route.remove', door, route: there });
  },

  apply({ door, route }, _plan, context) {
    namespaceOf(context, door).removeRoute(route);
    return undefined;
  },
};

export const undoRemoveRoute: Undo<'route.remove'> = ({ door, route }, context) => {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace !== undefined) restoring(() => namespace.addRoute(route));
};

/** A route that leaves by a link of this attachment's own dies with the link. */
function coveredBy(door: Door, route: Route, context: OperationContext): boolean {
  return route.index !== undefined && isOwned(context, door, route.index);
}

function scoped(door: Door, route: Route, effect: Effect | undefined): Plan {
  return door === 'host'
    ? { scope: 'shared', object: `route ${route.destination}`, effect }
    : { scope: 'private', effect };
}

/** Routes that have what the given one says; what it leaves open may be anything. */
function like(namespace: NetworkNamespace, route: Route): readonly Route[] {
  const fields = ['gateway', 'index', 'source', 'priority'] as const;
  return sameKey(namespace, route).filter((one) =>
    fields.every((field) => route[field] === undefined || (one[field] ?? 0) === route[field]),
  );
}

/** What a replacement takes the place of: same table, destination and priority. */
function sameKey(namespace: NetworkNamespace, route: Route): readonly Route[] {
  const all = namespace.routes(route.table === undefined ? {} : { table: route.table });
  return all.filter(
    (one) =>
      one.destination === route.destination &&
      (route.priority ?? 0) === (route.priority === undefined ? 0 : (one.priority ?? 0)),
  );
}
