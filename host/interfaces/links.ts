import type { Link, LinkDetails, NetworkNamespace } from '../kernel/kernel.ts';
import type { Door } from '../operations/operation.ts';
import { hostInterface } from './interface.ts';
import type { Netns } from './namespaces.ts';
import type { Session } from './session.ts';
import { type WitMac, witMac } from './values.ts';

type WitLinkDetails =
  | { readonly tag: 'other' }
  | { readonly tag: 'bridge'; readonly val: { readonly vlanFiltering: boolean } }
  | { readonly tag: 'veth'; readonly val: { readonly peerIndex: number } }
  | { readonly tag: 'vlan'; readonly val: number };

/** `bulkhead:net/links.link` */
export interface WitLink extends Omit<Link, 'mac' | 'details'> {
  readonly mac: WitMac | undefined;
  readonly details: WitLinkDetails;
}

/** Reading links. A bridge of the host's, or a veth, that a plugin looks up by name is one that the attachment will rely on. */
export const links = hostInterface('bulkhead:net/links@0.1.0', {
  all: (session, { door }: Netns) =>
    readable(session, door)
      .links()
      .map((link) => told(session, door, link)),

  byName(session, { door }: Netns, name: string) {
    const namespace = readable(session, door);
    const link =
      door === 'sandbox'
        ? namespace.linkByName(name)
        : session.rely(`link ${name}`, () => namespace.linkByName(name), isReliedOn);
    return link && told(session, door, link);
  },

  byIndex(session, { door }: Netns, index: number) {
    const link = readable(session, door).linkByIndex(index);
    return link && told(session, door, link);
  },

  waitUntilUp: (session, { door }: Netns, index: number, timeoutMs: number) =>
    readable(session, door).waitUntilUp(index, timeoutMs),
});

function isReliedOn(link: Link | undefined): boolean {
  return link !== undefined && (link.kind === 'bridge' || link.kind === 'veth');
}

function readable(session: Session, door: Door): NetworkNamespace {
  session.require({ kind: 'link.read', door });
  return session.namespace(door);
}

function told(session: Session, door: Door, link: Link): WitLink {
  session.tell(door, link);
  return witLink(link);
}

export function witLink(link: Link): WitLink {
  return { ...link, mac: link.mac && witMac(link.mac), details: witDetails(link.details) };
}

function witDetails(details: LinkDetails): WitLinkDetails {
  switch (details.kind) {
    case 'other':
      return { tag: 'other' };
    case 'bridge':
      return { tag: 'bridge', val: { vlanFiltering: details.vlanFiltering } };
    case 'veth':
      return { tag: 'veth', val: { peerIndex: details.peerIndex } };
    case 'vlan':
      return { tag: 'vlan', val: details.id };
  }
}
