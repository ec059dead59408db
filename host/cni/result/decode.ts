import { type IpAddress, ipFamily, parseIp } from '../../net/ip.ts';
import { type IpPrefix, parsePrefix, prefixAddress } from '../../net/prefix.ts';
import { JsonNumber, JsonObject, type JsonValue, kindOf } from '../json/value.ts';
import type { Dns, InterfaceInfo, Outcome, OutcomeAddress, OutcomeRoute } from '../outcome.ts';

/** A previous result, or a delegate's, is not one. The message is to follow what was being read. */
export class ResultError extends Error {
  override readonly name = 'ResultError';
}

/** Versions whose results have one shape; a result of another family is refused (containernetworking/cni pkg/types). */
const families = [
  ['', '0.1.0', '0.2.0'],
  ['0.3.0', '0.3.1', '0.4.0'],
  ['1.0.0', '1.1.0'],
] as const;

/**
 * Reads a result whose version is the configuration's unless it says so itself. `null` entries of arrays are refused, which the
 * reference's converters panic on. Throws ResultError.
 */
export function decodeResult(value: JsonValue, configured: string): Outcome {
  if (!(value instanceof JsonObject))
    throw new ResultError(`json: cannot unmarshal ${kindOf(value)} into a CNI result`);
  const own = optionalText(value, 'cniVersion', 'result');
  const version = own === undefined || own === '' ? configured : own;
  const family = families.find((versions) => (versions as readonly string[]).includes(configured));
  if (family === undefined) throw new ResultError(`unsupported CNI result version "${configured}"`);
  if (!(family as readonly string[]).includes(version)) {
    const known = family.filter((one) => one !== '').join(' ');
    throw new ResultError(`result type supports [${known}] but unmarshalled CNIVersion is "${version}"`);
  }
  return family === families[0] ? decodeOld(value) : decodeNew(value);
}

function decodeOld(value: JsonObject): Outcome {
  const found = [value.get('ip4'), value.get('ip6')].flatMap((one) => (one instanceof JsonObject ? [one] : []));
  return {
    interfaces: [],
    addresses: found.map((one) => ({
      prefix: prefix(requiredText(one, 'ip', 'ip')),
      gateway: optionalIp(one, 'gateway', 'ip'),
    })),
    routes: found.flatMap((one) => objects(one, 'routes', 'routes').map(route)),
    dns: dns(value.get('dns')),
  };
}

function decodeNew(value: JsonObject): Outcome {
  return {
    interfaces: objects(value, 'interfaces', 'interfaces').map(interfaceInfo),
    addresses: objects(value, 'ips', 'ips').map(address),
    routes: objects(value, 'routes', 'routes').map(route),
    dns: dns(value.get('dns')),
  };
}

function interfaceInfo(value: JsonObject, i: number): InterfaceInfo {
  const at = `interfaces[${i}]`;
  return {
    name: requiredText(value, 'name', at),
    mac: optionalText(value, 'mac', at),
    mtu: optionalInteger(value, 'mtu', at),
    sandbox: optionalText(value, 'sandbox', at) ?? '',
    socketPath: optionalText(value, 'socketPath', at),
    pciId: optionalText(value, 'pciID', at),
  };
}

function address(value: JsonObject, i: number): OutcomeAddress {
  const at = `ips[${i}]`;
  return {
    prefix: prefix(requiredText(value, 'address', at)),
    gateway: optionalIp(value, 'gateway', at),
    position: optionalInteger(value, 'interface', at),
  };
}

function route(value: JsonObject, i: number): OutcomeRoute {
  const at = `routes[${i}]`;
  const destination = prefix(requiredText(value, 'dst', at));
  const gateway = optionalIp(value, 'gw', at);
  if (gateway !== undefined && ipFamily(gateway) !== ipFamily(prefixAddress(destination))) {
    throw new ResultError(`${at}: ${destination} and its gateway ${gateway} are of different families`);
  }
  return {
    destination,
    gateway,
    mtu: optionalInteger(value, 'mtu', at),
    advertisedMss: optionalInteger(value, 'advmss', at),
    priority: optionalInteger(value, 'priority', at),
    table: optionalInteger(value, 'table', at),
    scope: optionalInteger(value, 'scope', at),
  };
}

function dns(value: JsonValue | undefined): Dns | undefined {
  if (!(value instanceof JsonObject)) return undefined;
  return {
    nameservers: texts(value, 'nameservers'),
    domain: optionalText(value, 'domain', 'dns'),
    search: texts(value, 'search'),
    options: texts(value, 'options'),
  };
}

function objects(value: JsonObject, key: string, at: string): JsonObject[] {
  const items = value.get(key) ?? [];
  if (!Array.isArray(items)) throw new ResultError(`${at}: expected an array, got ${kindOf(items)}`);
  return items.map((item, i) => {
    if (item instanceof JsonObject) return item;
    throw new ResultError(`${at}[${i}]: expected an object, got ${kindOf(item)}`);
  });
}

function texts(value: JsonObject, key: string): string[] {
  const items = value.get(key) ?? [];
  if (!Array.isArray(items)) throw new ResultError(`dns.${key}: expected an array, got ${kindOf(items)}`);
  return items.map((item, i) => {
    if (typeof item === 'string') return item;
    throw new ResultError(`dns.${key}[${i}]: expected a string, got ${kindOf(item)}`);
  });
}

function optionalText(value: JsonObject, key: string, at: string): string | undefined {
  const found = value.get(key) ?? undefined;
  if (found === undefined || typeof found === 'string') return found;
  throw new ResultError(`${at}.${key}: expected a string, got ${kindOf(found)}`);
}

function requiredText(value: JsonObject, key: string, at: string): string {
  const found = optionalText(value, key, at);
  if (found === undefined) throw new ResultError(`${at}.${key} is missing`);
  return found;
}

/** Unsigned, 32 bits: the kernel's width for all of these. */
function optionalInteger(value: JsonObject, key: string, at: string): number | undefined {
  const found = value.get(key) ?? undefined;
  if (found === undefined) return undefined;
  if (found instanceof JsonNumber && /^\d{1,10}$/.test(found.text) && Number(found.text) <= 0xffff_ffff) {
    return Number(found.text);
  }
  throw new ResultError(`${at}.${key}: expected an unsigned integer`);
}

function optionalIp(value: JsonObject, key: string, at: string): IpAddress | undefined {
  const text = optionalText(value, key, at);
  if (text === undefined || text === '') return undefined;
  const parsed = parseIp(text);
  if (parsed === undefined) throw new ResultError(`${at}.${key}: invalid IP address: ${text}`);
  return parsed;
}

function prefix(text: string): IpPrefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new ResultError(`invalid CIDR address: ${text}`);
  return parsed;
}
