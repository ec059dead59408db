import { Some } from 'bulkhead-sdk/abi/values';
import { ipField, prefixField } from 'bulkhead-sdk/address-fields';
import { Configuration } from 'bulkhead-sdk/configuration';
import { expect } from 'bulkhead-sdk/failure';
import { Prefix } from 'bulkhead-sdk/prefix';
import { OutcomeRoute } from 'wit/cni/types';

/** The routes under a key, as the specification writes them in results: `[{ "dst": "0.0.0.0/0", "gw": "10.1.0.1" }]`. */
export function routesField(config: Configuration, key: string): OutcomeRoute[] {
  return config.list(key).map<OutcomeRoute>((item) => parseRoute(item));
}

function parseRoute(item: Configuration): OutcomeRoute {
  const route = new OutcomeRoute();
  route.destination = expect<Prefix>(prefixField(item, 'dst'), 'invalid CIDR address: ').toWit();
  const gateway = ipField(item, 'gw');
  if (gateway !== null) route.gateway = gateway.toWit();
  route.mtu = number(item, 'mtu');
  route.advertisedMss = number(item, 'advmss');
  route.priority = number(item, 'priority');
  route.table = number(item, 'table');
  if (item.has('scope')) route.scope = new Some<u8>(<u8>item.integer('scope', 0, 0, 255));
  return route;
}

function number(item: Configuration, key: string): Some<u32> | null {
  return item.has(key) ? new Some<u32>(<u32>item.integer(key, 0, 0, u32.MAX_VALUE)) : null;
}
