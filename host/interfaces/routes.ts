import type { Route } from '../kernel/kernel.ts';
import { hostInterface } from './interface.ts';
import type { Netns } from './namespaces.ts';
import { fromWitIp, fromWitPrefix, type WitIp, type WitPrefix, witIp, witPrefix } from './values.ts';

/** `bulkhead:net/routes.route` */
export interface WitKernelRoute extends Omit<Route, 'destination' | 'gateway' | 'source'> {
  readonly destination: WitPrefix;
  readonly gateway?: WitIp | undefined;
  readonly source?: WitIp | undefined;
}

/** Reading and changing routes. */
export const routes = hostInterface('bulkhead:net/routes@0.1.0', {
  all({ require, namespace }, { door }: Netns, index: number | undefined, table: number | undefined) {
    require({ kind: 'route.read', door });
    const filter = { ...(index === undefined ? {} : { index }), ...(table === undefined ? {} : { table }) };
    return namespace(door).routes(filter).map(witRoute);
  },
  add: ({ perform }, { door }: Netns, route: WitKernelRoute) =>
    perform({ kind: 'route.add', door, route: fromWitRoute(route) }),
  replace: ({ perform }, { door }: Netns, route: WitKernelRoute) =>
    perform({ kind: 'route.replace', door, route: fromWitRoute(route) }),
  remove: ({ perform }, { door }: Netns, route: WitKernelRoute) =>
    perform({ kind: 'route.remove', door, route: fromWitRoute(route) }),
});

function witRoute(route: Route): WitKernelRoute {
  const { destination, gateway, source, ...rest } = route;
  return {
    ...rest,
    onLink: route.onLink ?? false,
    destination: witPrefix(destination),
    gateway: gateway && witIp(gateway),
    source: source && witIp(source),
  };
}

export function fromWitRoute(route: WitKernelRoute): Route {
  const { destination, gateway, source, ...rest } = route;
  return {
    ...rest,
    destination: fromWitPrefix(destination),
    ...(gateway === undefined ? {} : { gateway: fromWitIp(gateway) }),
    ...(source === undefined ? {} : { source: fromWitIp(source) }),
  };
}
