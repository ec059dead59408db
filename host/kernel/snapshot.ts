import type { MacAddress } from '../net/mac.ts';
import type { AssignedAddress, BridgePort, Link, NetworkNamespace, Route } from './kernel.ts';

/** What a namespace has, as plain data without indexes: links go by name, lists are in an order of their own. */
export interface NamespaceSnapshot {
  readonly links: readonly LinkSnapshot[];
  /** Of the tables main and local. */
  readonly routes: readonly RouteSnapshot[];
}

export interface LinkSnapshot extends Omit<Link, 'index' | 'details' | 'controller' | 'mac'> {
  readonly mac: MacAddress | undefined;
  readonly controller: string | undefined;
  readonly port: BridgePort | undefined;
  readonly addresses: readonly Omit<AssignedAddress, 'index'>[];
}

export interface RouteSnapshot extends Omit<Route, 'index'> {
  readonly link: string | undefined;
}

const tables = [254, 255];

/** Reads a namespace of any kernel. Two that are in the same state have equal snapshots, but for hardware addresses. */
export function snapshot(namespace: NetworkNamespace): NamespaceSnapshot {
  const links = namespace.links();
  const names = new Map(links.map(({ index, name }) => [index, name]));
  const nameOf = (index: number | undefined) => (index === undefined ? undefined : (names.get(index) ?? `#${index}`));
  const addresses = namespace.addresses();
  const describe = ({ index, details, controller, mac, ...link }: Link): LinkSnapshot => ({
    ...link,
    mac,
    controller: nameOf(controller),
    port: namespace.bridgePort(index),
    addresses: inOrder(
      addresses.filter((address) => address.index === index).map(({ index: _, ...address }) => address),
    ),
  });
  const routes = tables.flatMap((table) => namespace.routes({ table }));
  return {
    links: links.map(describe).sort((a, b) => (a.name < b.name ? -1 : 1)),
    routes: inOrder(routes.map(({ index, ...route }) => ({ ...route, link: nameOf(index) }))),
  };
}

/** By their text, with keys in order: kernels list in an order that says nothing. */
function inOrder<T extends object>(values: readonly T[]): T[] {
  const text = (value: object) => JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return [...values].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}
