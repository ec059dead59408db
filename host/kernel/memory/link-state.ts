import type { Link, LinkDetails, OperState } from '../kernel.ts';
import { type LinkModel, portsOf } from './model.ts';

/** Whether frames can go through: IFF_RUNNING, netif_carrier_ok (linux/netdevice.h) of a link that is up. */
export function hasCarrier(link: LinkModel): boolean {
  if (!link.up) return false;
  switch (link.body.kind) {
    case 'veth':
      return link.body.peer?.up === true;
    case 'bridge':
      return !link.body.portsCounted || portsOf(link).some(hasCarrier);
    default:
      return true;
  }
}

/**
 * RFC 2863 as net/core/link_watch.c has it. A veth whose other end is down is `lower-layer-down` here. The kernel says `down`
 * instead where the other end's index, looked up in this namespace, is nobody's or a running link's (default_operstate).
 */
export function operState(link: LinkModel): OperState {
  if (!link.up) return 'down';
  switch (link.body.kind) {
    case 'veth':
      return hasCarrier(link) ? 'up' : 'lower-layer-down';
    case 'bridge':
      if (!link.body.portsCounted) return 'unknown';
      return hasCarrier(link) ? 'up' : 'down';
    default:
      return 'unknown';
  }
}

export function describeLink(link: LinkModel): Link {
  return {
    index: link.index,
    name: link.name,
    kind: link.body.kind,
    details: describeBody(link),
    mac: link.mac,
    mtu: link.mtu,
    up: link.up,
    promiscuous: link.promiscuous,
    allMulticast: link.allMulticast,
    transmitQueueLength: link.transmitQueueLength,
    state: operState(link),
    ...(link.controller === undefined ? {} : { controller: link.controller.index }),
    ...(link.alias === '' ? {} : { alias: link.alias }),
  };
}

function describeBody({ body }: LinkModel): LinkDetails {
  switch (body.kind) {
    case 'bridge':
      return { kind: 'bridge', vlanFiltering: body.vlanFiltering };
    case 'veth':
      return { kind: 'veth', peerIndex: body.peer?.index ?? 0 };
    default:
      return { kind: 'other' };
  }
}
