import type { LinkChange } from '../kernel/kernel.ts';
import type { LinkBlueprint } from '../operations/operation.ts';
import { fault } from './fault.ts';
import { hostInterface } from './interface.ts';
import { witLink } from './links.ts';
import type { Netns } from './namespaces.ts';
import { fromWitMac, type WitMac } from './values.ts';

interface WitNewLink {
  readonly name: string;
  readonly plan: WitLinkPlan;
  readonly mtu?: number;
  readonly mac?: WitMac;
  readonly transmitQueueLength?: number;
}

type WitLinkPlan =
  | { readonly tag: 'bridge'; readonly val: { readonly vlanFiltering?: boolean } }
  | {
      readonly tag: 'veth';
      readonly val: { readonly peerName?: string; readonly peerNamespace: Netns; readonly peerMtu?: number };
    }
  | { readonly tag: 'macvlan' | 'ipvlan' | 'vlan' | 'dummy' | 'ifb' | 'vrf' };

/** `bulkhead:net/link-control.link-change` */
export interface WitLinkChange {
  readonly name?: string;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly mac?: WitMac;
  readonly promiscuous?: boolean;
  readonly allMulticast?: boolean;
  readonly transmitQueueLength?: number;
  readonly controller?: number;
  readonly alias?: string;
}

/** Making and changing links. */
export const linkControl = hostInterface('bulkhead:net/link-control@0.1.0', {
  create({ perform }, { door }: Netns, { plan, mac, ...rest }: WitNewLink) {
    const link = { ...rest, plan: blueprint(plan), ...(mac === undefined ? {} : { mac: fromWitMac(mac) }) };
    const created = perform({ kind: 'link.create', door, link });
    return { link: witLink(created.link), peerName: created.peerName };
  },

  change: ({ perform }, { door }: Netns, index: number, change: WitLinkChange) =>
    perform({ kind: 'link.change', door, index, change: fromWitChange(change) }),

  move: ({ perform }, { door }: Netns, index: number, to: Netns, name: string | undefined) =>
    witLink(perform({ kind: 'link.move', door, index, to: to.door, ...(name === undefined ? {} : { name }) })),

  remove: ({ perform }, { door }: Netns, index: number) => perform({ kind: 'link.remove', door, index }),
});

export function fromWitChange({ mac, ...rest }: WitLinkChange): LinkChange {
  return mac === undefined ? rest : { ...rest, mac: fromWitMac(mac) };
}

function blueprint(plan: WitLinkPlan): LinkBlueprint['plan'] {
  switch (plan.tag) {
    case 'bridge':
      return { kind: 'bridge', ...plan.val };
    case 'veth': {
      const { peerNamespace, ...rest } = plan.val;
      return { kind: 'veth', peerDoor: peerNamespace.door, ...rest };
    }
    case 'dummy':
    case 'ifb':
      return { kind: plan.tag };
    case 'macvlan':
    case 'ipvlan':
    case 'vlan':
    case 'vrf':
      throw fault('unsupported', `making a ${plan.tag} is not supported by this host`);
  }
}
