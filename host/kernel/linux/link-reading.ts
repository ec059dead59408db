import { formatMac } from '../../net/mac.ts';
import type { Decoded } from '../../netlink/codec.ts';
import {
  ARPHRD_LOOPBACK,
  bridgeData,
  IFF_ALLMULTI,
  IFF_PROMISC,
  IFF_UP,
  type linkMessage,
  vlanData,
} from '../../netlink/route/link.ts';
import type { Writable } from '../../system/writable.ts';
import { type Link, type LinkDetails, operStates } from '../kernel.ts';

export type LinkAnswer = Decoded<typeof linkMessage>;

/** What the kernel says of a link, as the interface has it. */
export function readLink(answer: LinkAnswer): Link {
  const link: Writable<Link> = {
    index: answer.index,
    name: answer.name ?? '',
    kind: answer.info?.kind ?? (answer.type === ARPHRD_LOOPBACK ? 'loopback' : ''),
    details: readDetails(answer),
    mtu: answer.mtu ?? 0,
    up: (answer.flags & IFF_UP) !== 0,
    promiscuous: (answer.flags & IFF_PROMISC) !== 0,
    allMulticast: (answer.flags & IFF_ALLMULTI) !== 0,
    transmitQueueLength: answer.transmitQueueLength ?? 0,
    state: operStates[answer.operState ?? 0] ?? 'unknown',
  };
  if (answer.address?.length === 6) link.mac = formatMac(answer.address);
  if (answer.controller) link.controller = answer.controller;
  if (answer.alias) link.alias = answer.alias;
  return link;
}

function readDetails({ info, link }: LinkAnswer): LinkDetails {
  const data = info?.data ?? new Uint8Array(0);
  switch (info?.kind) {
    case 'bridge':
      return { kind: 'bridge', vlanFiltering: bridgeData.decode(data).vlanFiltering === 1 };
    case 'veth':
      return { kind: 'veth', peerIndex: link ?? 0 };
    case 'vlan':
      return { kind: 'vlan', id: vlanData.decode(data).id ?? 0 };
    default:
      return { kind: 'other' };
  }
}
