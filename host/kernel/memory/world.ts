import { zeroMac } from './bridges.ts';
import { configuration, ipv4Defaults, ipv6Defaults, namespaceDefaults } from './configuration.ts';
import { destroyLink, insert } from './links.ts';
import type { NamespaceModel, WorldModel } from './model.ts';
import { newRuleset } from './ruleset.ts';

export function createWorld(options: { readonly bridgeVlans: boolean }): WorldModel {
  return { namespaces: [], bridgeVlans: options.bridgeVlans, nextCookie: 1n, lastMac: 0 };
}

/** As the kernel makes one: the loopback link, down, and settings that differ a little between `all`, `default` and `lo`. */
export function addNamespace(world: WorldModel): NamespaceModel {
  const namespace: NamespaceModel = {
    world,
    cookie: world.nextCookie,
    links: new Map(),
    routes: [],
    ipv4: { all: configuration({ ...ipv4Defaults, accept_source_route: '0' }), default: configuration(ipv4Defaults) },
    ipv6: { all: configuration({ ...ipv6Defaults, accept_dad: '0' }), default: configuration(ipv6Defaults) },
    sysctls: new Map(Object.entries(namespaceDefaults)),
    ruleset: newRuleset(),
    nextIndex: 1,
    hasLocalTable: false,
  };
  world.nextCookie += 1n;
  world.namespaces.push(namespace);
  const loopback = insert(namespace, { name: 'lo', mtu: 65536, mac: zeroMac, body: { kind: 'loopback' } });
  for (const key of ['disable_policy', 'disable_xfrm']) loopback.ipv4.values.set(key, '1');
  for (const key of ['accept_dad', 'use_tempaddr']) loopback.ipv6?.values.set(key, '-1');
  return namespace;
}

/** Its links go with it; of veths, the other ends too. */
export function destroyNamespace(namespace: NamespaceModel): void {
  const { namespaces } = namespace.world;
  for (const link of [...namespace.links.values()]) destroyLink(link);
  namespaces.splice(namespaces.indexOf(namespace), 1);
}
