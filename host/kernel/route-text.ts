import type { Route } from './kernel.ts';

/** RT_TABLE_MAIN (linux/rtnetlink.h) */
export const mainTable = 254;

/** A route in the words of iproute2: `0.0.0.0/0 via 10.1.2.1 dev 3 metric 100 table 200`. The link is told by index. */
export function describeRoute(route: Route): string {
  const parts = [
    route.kind === undefined || route.kind === 'unicast' ? '' : `${route.kind} `,
    route.destination,
    route.gateway === undefined ? '' : ` via ${route.gateway}`,
    route.index === undefined ? '' : ` dev ${route.index}`,
    route.source === undefined ? '' : ` src ${route.source}`,
    route.priority === undefined ? '' : ` metric ${route.priority}`,
    route.table === undefined || route.table === mainTable ? '' : ` table ${route.table}`,
  ];
  return parts.join('');
}
