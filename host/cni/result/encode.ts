import { ipFamily } from '../../net/ip.ts';
import { prefixAddress } from '../../net/prefix.ts';
import { CniError, errorCodes } from '../error.ts';
import { formatIndented, type Printable, sortKeys } from '../json/format.ts';
import type { Dns, InterfaceInfo, Outcome, OutcomeAddress, OutcomeRoute } from '../outcome.ts';
import type { SpecVersion } from '../versions.ts';

/**
 * The result as stdout has it: in the shape of the version, indented by four spaces, no newline at the end, keys in the order
 * of the reference. Throws CniError where the version cannot say it: 0.1.0 and 0.2.0 need an address.
 */
export function encodeResult(outcome: Outcome, version: SpecVersion): string {
  switch (version) {
    case '0.1.0':
    case '0.2.0':
      return formatIndented(oldResult(outcome, version));
    case '0.3.0':
    case '0.3.1':
    case '0.4.0':
      return formatIndented(middleResult(outcome, version));
    case '1.0.0':
    case '1.1.0':
      return formatIndented(sortKeys(newResult(outcome, version)));
  }
}

type Member = Printable | undefined;

/** One address per family, each with its family's routes. */
function oldResult(outcome: Outcome, version: SpecVersion): Printable {
  const family = (number: 4 | 6): Member => {
    const address = outcome.addresses.find((one) => ipFamily(prefixAddress(one.prefix)) === number);
    if (address === undefined) return undefined;
    const routes = outcome.routes.filter((route) => ipFamily(prefixAddress(route.destination)) === number);
    return {
      ip: address.prefix,
      gateway: address.gateway,
      routes: list(routes.map((route) => ({ dst: route.destination, gw: route.gateway }))),
    };
  };
  if (outcome.addresses.length === 0) {
    throw new CniError(errorCodes.internal, 'cannot convert: no valid IP addresses');
  }
  return { cniVersion: version, ip4: family(4), ip6: family(6), dns: dns(outcome.dns) };
}

function middleResult(outcome: Outcome, version: SpecVersion): Printable {
  return {
    cniVersion: version,
    interfaces: list(
      outcome.interfaces.map(({ name, mac, sandbox }) => ({ name, mac: text(mac), sandbox: text(sandbox) })),
    ),
    ips: list(
      outcome.addresses.map((one) => ({
        version: String(ipFamily(prefixAddress(one.prefix))),
        interface: one.position,
        address: one.prefix,
        gateway: one.gateway,
      })),
    ),
    routes: list(outcome.routes.map(route)),
    dns: dns(outcome.dns),
  };
}

function newResult(outcome: Outcome, version: SpecVersion): Printable {
  const names = dns(outcome.dns);
  return {
    cniVersion: version,
    interfaces: list(outcome.interfaces.map((one) => interfaceInfo(one, version))),
    ips: list(outcome.addresses.map(address)),
    routes: list(outcome.routes.map(route)),
    dns: Object.values(names).some((value) => value !== undefined) ? names : undefined,
  };
}

/** The MTU came with 1.1.0. */
function interfaceInfo(info: InterfaceInfo, version: SpecVersion): Printable {
  return {
    name: info.name,
    mac: text(info.mac),
    mtu: version === '1.0.0' || info.mtu === 0 ? undefined : info.mtu,
    sandbox: text(info.sandbox),
    socketPath: text(info.socketPath),
    pciID: text(info.pciId),
  };
}

function address(one: OutcomeAddress): Printable {
  return { interface: one.position, address: one.prefix, gateway: one.gateway };
}

function route(one: OutcomeRoute): Printable {
  const number = (value: number | undefined) => (value === 0 ? undefined : value);
  return {
    dst: one.destination,
    gw: one.gateway,
    mtu: number(one.mtu),
    advmss: number(one.advertisedMss),
    priority: number(one.priority),
    table: one.table,
    scope: one.scope,
  };
}

function dns(names: Dns | undefined): { [key: string]: Member } {
  return {
    nameservers: list(names?.nameservers ?? []),
    domain: text(names?.domain),
    search: list(names?.search ?? []),
    options: list(names?.options ?? []),
  };
}

function list(items: readonly Printable[]): Member {
  return items.length === 0 ? undefined : items;
}

function text(value: string | undefined): Member {
  return value === '' ? undefined : value;
}
