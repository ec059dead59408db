import { isIP, isIPv6 } from 'node:net';
import { compareVersions } from './check.ts';
import { isObject, type JsonObject, objectsOf } from './expect.ts';

interface Expected {
  readonly version: string;
  /** Results of IPAM plugins know no interfaces. */
  readonly ipam: boolean;
}

/** What is wrong with the form of a result, for the version it was asked for in: none where the array is empty. */
export function shapeFaults(result: JsonObject, { version, ipam }: Expected): readonly string[] {
  const label = result.cniVersion === version ? [] : [`cniVersion is ${JSON.stringify(result.cniVersion)}`];
  const old = compareVersions(version, '0.3.0') < 0;
  return [...label, ...(old ? oldFaults(result) : newFaults(result, version, ipam))];
}

/** Versions before 0.3.0: one address of each family. */
function oldFaults(result: JsonObject): readonly string[] {
  const families = (['ip4', 'ip6'] as const).flatMap((key) => {
    const family = result[key];
    if (family === undefined) return [];
    if (!isObject(family)) return [`${key} is no object`];
    const routes = family.routes === undefined ? [] : routeFaults(family.routes);
    const address = isPrefix(family.ip, key === 'ip4' ? 4 : 6) ? [] : [`${key}.ip is ${JSON.stringify(family.ip)}`];
    return [...unknownKeys(family, ['ip', 'gateway', 'routes'], key), ...address, ...routes];
  });
  const none = result.ip4 === undefined && result.ip6 === undefined ? ['neither ip4 nor ip6'] : [];
  return [...unknownKeys(result, ['cniVersion', 'ip4', 'ip6', 'dns'], 'the result'), ...none, ...families];
}

function newFaults(result: JsonObject, version: string, ipam: boolean): readonly string[] {
  const first = compareVersions(version, '1.0.0') < 0;
  const interfaces = objectsOf(result.interfaces);
  return [
    ...unknownKeys(result, ['cniVersion', 'interfaces', 'ips', 'routes', 'dns'], 'the result'),
    ...(ipam && result.interfaces !== undefined ? ['interfaces in the result of an IPAM plugin'] : []),
    ...(!ipam && interfaces.length === 0 ? ['no interfaces'] : []),
    ...interfaces.flatMap((one, i) => interfaceFaults(one, `interfaces[${i}]`, first)),
    ...(result.ips !== undefined && !Array.isArray(result.ips) ? ['ips is no array'] : []),
    ...objectsOf(result.ips).flatMap((ip, i) =>
      addressFaults(ip, `ips[${i}]`, { first, ipam, count: interfaces.length }),
    ),
    ...(result.routes === undefined ? [] : routeFaults(result.routes)),
  ];
}

function interfaceFaults(one: JsonObject, at: string, first: boolean): readonly string[] {
  const later = first ? [] : ['mtu', 'socketPath', 'pciID'];
  return [
    ...unknownKeys(one, ['name', 'mac', 'sandbox', ...later], at),
    ...(typeof one.name === 'string' && one.name !== '' ? [] : [`${at} has no name`]),
    ...(one.mac === undefined || /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(String(one.mac))
      ? []
      : [`${at}.mac is ${one.mac}`]),
  ];
}

function addressFaults(
  ip: JsonObject,
  at: string,
  { first, ipam, count }: { readonly first: boolean; readonly ipam: boolean; readonly count: number },
): readonly string[] {
  const faults = unknownKeys(ip, ['address', 'gateway', 'interface', ...(first ? ['version'] : [])], at);
  if (!isPrefix(ip.address)) return [...faults, `${at}.address is ${JSON.stringify(ip.address)}`];
  const family = isIPv6(ip.address.split('/')[0] ?? '') ? '6' : '4';
  const index = ip.interface;
  return [
    ...faults,
    ...(first && ip.version !== family ? [`${at}.version is ${JSON.stringify(ip.version)}, not "${family}"`] : []),
    ...(ip.gateway !== undefined && isIP(String(ip.gateway)) === 0 ? [`${at}.gateway is ${ip.gateway}`] : []),
    ...(ipam && index !== undefined ? [`${at}.interface in the result of an IPAM plugin`] : []),
    ...(index !== undefined && !(Number.isInteger(index) && Number(index) >= 0 && Number(index) < count)
      ? [`${at}.interface is ${index}, of ${count} interfaces`]
      : []),
  ];
}

function routeFaults(routes: unknown): readonly string[] {
  if (!Array.isArray(routes)) return ['routes is no array'];
  return objectsOf(routes).flatMap(({ dst, gw }, i) => [
    ...(isPrefix(dst) ? [] : [`routes[${i}].dst is ${JSON.stringify(dst)}`]),
    ...(gw === undefined || isIP(String(gw)) !== 0 ? [] : [`routes[${i}].gw is ${JSON.stringify(gw)}`]),
  ]);
}

function unknownKeys(object: JsonObject, known: readonly string[], at: string): readonly string[] {
  return Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key) => `${at} has a key ${key}, which this version does not know`);
}

function isPrefix(value: unknown, family?: 4 | 6): value is string {
  const [address = '', length = ''] = typeof value === 'string' ? value.split('/') : [];
  const found = isIP(address);
  return (
    found !== 0 &&
    (family === undefined || found === family) &&
    /^\d+$/.test(length) &&
    Number(length) <= (found === 4 ? 32 : 128)
  );
}
