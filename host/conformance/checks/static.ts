import type { Call, Configuration } from '../bench/call.ts';
import type { World } from '../bench/world.ts';
import type { Check, Rule } from '../check.ts';
import { expect, type JsonObject, objectsOf, resultOf } from '../expect.ts';
import { rules } from '../rules.ts';

const addresses = [
  { address: '10.1.0.5/24', gateway: '10.1.0.1' },
  { address: 'fd00:1::5/64', gateway: 'fd00:1::1' },
];
const routes = [{ dst: '0.0.0.0/0' }, { dst: '10.9.0.0/16', gw: '10.1.0.254' }];

function gives(
  id: string,
  title: string,
  rule: Rule,
  {
    ipam = {},
    call = {},
    more = {},
  }: { readonly ipam?: Configuration; readonly call?: Partial<Call>; readonly more?: Configuration },
  wanted: unknown,
  seen: (result: JsonObject) => unknown,
): Check {
  return {
    id: `static-${id}`,
    title,
    rule,
    needs: { plugins: ['static'], version: '1.0.0' },
    async run(world: World) {
      const configuration = { type: 'bridge', ipam: { type: 'static', ...ipam }, ...more };
      const ended = await (await world.attachment(configuration, { type: 'static', ...call })).add();
      const found = JSON.stringify(seen(resultOf(ended)));
      expect(found === JSON.stringify(wanted), ended.did, JSON.stringify(wanted), found);
    },
  };
}

const addressesOf = ({ ips }: JsonObject) => objectsOf(ips).map(({ address, gateway }) => ({ address, gateway }));
const namesOf = ({ dns }: JsonObject) => dns;

export const staticChecks: readonly Check[] = [
  gives(
    'addresses',
    'The addresses are those of the configuration',
    rules.staticAddresses,
    { ipam: { addresses } },
    addresses,
    addressesOf,
  ),
  gives(
    'routes',
    'The routes are those of the configuration',
    rules.staticRoutes,
    { ipam: { addresses, routes } },
    routes,
    (result) => objectsOf(result.routes).map(({ dst, gw }) => ({ dst, gw })),
  ),
  gives(
    'dns',
    'The DNS is that of the configuration',
    rules.staticDns,
    { ipam: { addresses, dns: { nameservers: ['10.1.0.53'] } } },
    { nameservers: ['10.1.0.53'] },
    namesOf,
  ),
  gives(
    'address-from-args',
    'IP and GATEWAY of CNI_ARGS are given',
    rules.staticArguments,
    { call: { args: 'IgnoreUnknown=1;IP=10.1.0.7/24;GATEWAY=10.1.0.9' } },
    [{ address: '10.1.0.7/24', gateway: '10.1.0.9' }],
    addressesOf,
  ),
  gives(
    'address-from-capability',
    'ips of runtimeConfig are given',
    rules.ipsCapability,
    { more: { runtimeConfig: { ips: ['10.1.0.8/24'] } } },
    ['10.1.0.8/24'],
    ({ ips }) => objectsOf(ips).map(({ address }) => address),
  ),
];
