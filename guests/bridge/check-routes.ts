import { ensure, orFail } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import { Prefix } from 'bulkhead-sdk/prefix';
import { Outcome, OutcomeRoute } from 'wit/cni/types';
import { Netns } from 'wit/net/namespaces';
import * as routes from 'wit/net/routes';

/** Fails where the container has not a route that the ADD gave it. Of a default route, the gateway may have changed. */
export function checkRoutes(ns: Netns, previous: Outcome): void {
  for (let i = 0; i < previous.routes.length; i++) {
    const wanted = previous.routes[i];
    const known = orFail(routes.all(ns, null, wanted.table), 'Cannot obtain List of Routes');
    ensure(hasRoute(known, wanted), `Expected Route ${describe(wanted)} not found in routing table`);
  }
}

function hasRoute(known: routes.Route[], wanted: OutcomeRoute): bool {
  const destination = Prefix.from(wanted.destination).masked;
  for (let i = 0; i < known.length; i++) {
    if (!Prefix.from(known[i].destination).equals(destination)) continue;
    if (destination.length === 0 || hasGateway(known[i], wanted)) return true;
  }
  return false;
}

/** A route without a gateway got that of an address. */
function hasGateway(route: routes.Route, wanted: OutcomeRoute): bool {
  const expected = wanted.gateway;
  if (expected === null) return true;
  const actual = route.gateway;
  return actual !== null && Ip.from(actual).equals(Ip.from(expected));
}

function describe(route: OutcomeRoute): string {
  const gateway = route.gateway;
  const text = gateway === null ? '<nil>' : Ip.from(gateway).toString();
  return `{Dst:${Prefix.from(route.destination).toString()} GW:${text}}`;
}
