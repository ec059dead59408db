import type { Contestant } from './contestants/contestant.ts';

/** Of every node: the floor knows it by heart. */
export const bridgeName = 'cni0';
export const gateway = '10.1.0.1';
const subnet = '10.1.0.0/16';

export interface NetworkOptions {
  readonly name?: string;
  readonly masquerade?: boolean;
  readonly previous?: unknown;
}

/** Containers on a bridge of the node, which is their gateway; addresses from host-local. */
export function bridgeNetwork({ leases }: Contestant, { name = 'bench', masquerade, previous }: NetworkOptions = {}) {
  return {
    ...{ cniVersion: '1.0.0', name, type: 'bridge', bridge: bridgeName, isGateway: true },
    ...(masquerade === true ? { ipMasq: true } : {}),
    ipam: { type: 'host-local', dataDir: leases, ranges: [[{ subnet }]], routes: [{ dst: '0.0.0.0/0' }] },
    ...(previous === undefined ? {} : { prevResult: previous }),
  };
}

export const loopbackNetwork = { cniVersion: '1.0.0', name: 'lo', type: 'loopback' };

/** A different address for each of some ten thousand attachments. */
export function addressOf(index: number): string {
  return `10.1.${128 + (index >> 8)}.${index & 255}`;
}
