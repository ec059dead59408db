import type { Configuration } from './bench/call.ts';
import type { World } from './bench/world.ts';

/** A plugin as the checks that hold for any plugin see it: how it is called so that it does what it does. */
export interface Subject {
  readonly type: string;
  /** `ipam` plugins touch no interface; of `other` plugins nothing is known but the protocol. */
  readonly kind: 'loopback' | 'interface' | 'ipam' | 'other';
  readonly ifname: string;
  /** CNI types that an ADD needs. */
  readonly plugins: readonly string[];
  /** That ADD succeeds with, in a host and a container where nothing is yet. */
  configuration(world: World): Configuration;
}

/** The subnet of most checks; all namespaces are private, so it never meets another. */
export const subnet = '10.1.0.0/24';

export function hostLocal({ leases }: World, more: Configuration = { subnet }): Configuration {
  return { type: 'host-local', dataDir: leases, ...more };
}

export const knownSubjects: readonly Subject[] = [
  {
    type: 'loopback',
    kind: 'loopback',
    ifname: 'lo',
    plugins: ['loopback'],
    configuration: () => ({ type: 'loopback' }),
  },
  {
    type: 'bridge',
    kind: 'interface',
    ifname: 'eth0',
    plugins: ['bridge', 'host-local'],
    configuration: (world) => ({ type: 'bridge', bridge: 'cni0', isGateway: true, ipam: hostLocal(world) }),
  },
  {
    type: 'host-local',
    kind: 'ipam',
    ifname: 'eth0',
    plugins: ['host-local'],
    configuration: (world) => ({ type: 'bridge', ipam: hostLocal(world) }),
  },
  {
    type: 'static',
    kind: 'ipam',
    ifname: 'eth0',
    plugins: ['static'],
    configuration: () => ({
      type: 'bridge',
      ipam: { type: 'static', addresses: [{ address: '10.1.0.5/24', gateway: '10.1.0.1' }] },
    }),
  },
];

/** A plugin that the suite knows nothing of, with a configuration of its own. */
export function otherSubject(type: string, configuration: Configuration | undefined): Subject {
  return {
    type,
    kind: 'other',
    ifname: 'eth0',
    plugins: [type],
    configuration: () => configuration ?? { type },
  };
}
