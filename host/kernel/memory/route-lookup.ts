import type { IpAddress } from '../../net/ip.ts';
import { prefixContains, prefixLength } from '../../net/prefix.ts';
import type { LinkModel, NamespaceModel, RouteModel } from './model.ts';
import { RT_TABLE_LOCAL, RT_TABLE_MAIN } from './model.ts';
import { compareRoutes } from './route-order.ts';

export interface Lookup {
  /** Only routes that leave by this link. */
  readonly link?: LinkModel | undefined;
  /** Only routes of this scope or a nearer one (a greater number). */
  readonly leastScope?: number;
  /** In this order; the local table and then main, where absent. */
  readonly tables?: readonly number[];
}

/** The route that a packet to the address takes: the first table that has one, the longest prefix, the least priority. */
export function lookUpRoute(namespace: NamespaceModel, to: IpAddress, lookup: Lookup = {}): RouteModel | undefined {
  const { link, leastScope = 0, tables = [RT_TABLE_LOCAL, RT_TABLE_MAIN] } = lookup;
  for (const table of tables) {
    const candidates = namespace.routes.filter(
      (route) =>
        route.table === table &&
        prefixContains(route.destination, to) &&
        (link === undefined || route.link === link) &&
        route.scope >= leastScope,
    );
    const [best] = candidates.sort(
      (a, b) => prefixLength(b.destination) - prefixLength(a.destination) || compareRoutes(a, b),
    );
    if (best !== undefined) return best;
  }
  return undefined;
}
