import { NLM_F_CREATE, NLM_F_REPLACE } from '../../netlink/frame.ts';
import { AF_INET, AF_INET6, RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE } from '../../netlink/route/family.ts';
import { routeMessage } from '../../netlink/route/route.ts';
import { errnoNumbers, KernelError } from '../errors.ts';
import type { Route, RouteFilter } from '../kernel.ts';
import { requireLinkIndex } from '../link-names.ts';
import { describeRoute, mainTable } from '../route-text.ts';
import type { NamespaceChannel } from './namespace-channel.ts';
import { encodeNewRoute, encodeRemovedRoute } from './route-plans.ts';
import { type RouteAnswer, readRoutes } from './route-reading.ts';

/** Of one table, IPv4 first, each family in the order in which the kernel tries them. */
export function listRoutes(channel: NamespaceChannel, { index, table = mainTable }: RouteFilter = {}): Route[] {
  return [AF_INET, AF_INET6].flatMap((family) => {
    const values = { family, table, outputIndex: index };
    // A table without routes may not exist (ENOENT); a link that does not exist has none (ENODEV).
    const request = { attempt: 'list routes', type: RTM_GETROUTE, message: routeMessage, values };
    const answers = channel.list(request, ['ENOENT', 'ENODEV']).filter((answer) => answer.family === family);
    // Kernels without strict checking list all tables and links.
    return answers
      .flatMap(readRoutes)
      .filter((route) => route.table === table && (index === undefined || route.index === index));
  });
}

export function addRoute(channel: NamespaceChannel, route: Route): void {
  change(channel, `add route ${describeRoute(route)}`, RTM_NEWROUTE, NLM_F_CREATE, route, encodeNewRoute);
}

export function replaceRoute(channel: NamespaceChannel, route: Route): void {
  change(
    channel,
    `replace route ${describeRoute(route)}`,
    RTM_NEWROUTE,
    NLM_F_CREATE | NLM_F_REPLACE,
    route,
    encodeNewRoute,
  );
}

export function removeRoute(channel: NamespaceChannel, route: Route): void {
  const attempt = `remove route ${describeRoute(route)}`;
  try {
    change(channel, attempt, RTM_DELROUTE, 0, route, encodeRemovedRoute);
  } catch (error) {
    // For want of an IPv6 default route the kernel finds the entry that stands for none, and says so (fib6_null_entry).
    if (!(error instanceof KernelError) || !error.is('ENOENT')) throw error;
    throw new KernelError(attempt, errnoNumbers.ESRCH, error.acknowledgement, { cause: error, refused: error.refused });
  }
}

function change(
  channel: NamespaceChannel,
  attempt: string,
  type: number,
  flags: number,
  route: Route,
  encode: (route: Route) => Partial<RouteAnswer>,
): void {
  if (route.index !== undefined) requireLinkIndex(attempt, route.index);
  channel.execute({ attempt, type, flags, message: routeMessage, values: encode(route) });
}
