import type { RuleOwner } from '../firewall/owner.ts';
import type { Leases } from '../ipam/leases.ts';
import { KernelError } from '../kernel/errors.ts';
import type { Link, NetworkNamespace } from '../kernel/kernel.ts';
import type { IpPrefix } from '../net/prefix.ts';
import type { Door } from './operation.ts';

/** What most operations on a link leave as it is. */
export type LinkIdentity = Pick<Link, 'index' | 'name' | 'kind' | 'details' | 'mac' | 'mtu'>;

/** Links by door and index: `host 12`. */
export type KnownLinks = Map<`${Door} ${number}`, LinkIdentity>;

/** What operations act on: the two namespaces of one attachment, and its leases. */
export interface OperationContext {
  readonly host: NetworkNamespace;
  /** Undefined where the call came without one, or it is gone. */
  readonly sandbox: NetworkNamespace | undefined;
  readonly leases: Leases;
  /** Whose rules of the firewall it is about. */
  readonly attachment: RuleOwner;
  /** Addresses that were masqueraded, by the record or the previous result; undefined where neither says. */
  readonly masqueraded: readonly IpPrefix[] | undefined;
  /** Links that the record shows as this attachment's own: `host 12`. What is done to them dies with them. */
  readonly owned: Set<`${Door} ${number}`>;
  /** Links that this call has made, shared ones among them. */
  readonly made: Set<`${Door} ${number}`>;
  /** Who links are, as they were read in this call, until an operation of it may change that. */
  readonly known: KnownLinks;
  /** Runs the DEL of a delegate whose ADD this attachment ran. */
  readonly releaseDelegate: (type: string) => void;
}

/** The namespace behind a door. Throws KernelError ENOENT where there is none. */
export function namespaceOf(context: OperationContext, door: Door): NetworkNamespace {
  const namespace = door === 'host' ? context.host : context.sandbox;
  if (namespace === undefined)
    throw new KernelError('enter the sandbox, which this call does not have', 2, undefined, { refused: true });
  return namespace;
}

/** The link with that index, as it is now. Throws KernelError ENODEV. */
export function linkOf(context: OperationContext, door: Door, index: number): Link {
  return mustExist(namespaceOf(context, door).linkByIndex(index), door, index);
}

/** Its name. Throws KernelError ENODEV. */
export function linkNameOf(context: OperationContext, door: Door, index: number): string {
  namespaceOf(context, door);
  return mustExist(linkAt(context, door, index), door, index).name;
}

/** Who the link with that index is, where there is one. */
export function linkAt(context: OperationContext, door: Door, index: number): LinkIdentity | undefined {
  const known = context.known.get(`${door} ${index}`);
  if (known !== undefined) return known;
  const link = (door === 'host' ? context.host : context.sandbox)?.linkByIndex(index);
  if (link !== undefined) know(context, door, link);
  return link;
}

/** Notes what was read of a link. */
export function know({ known }: OperationContext, door: Door, link: LinkIdentity): void {
  known.set(`${door} ${link.index}`, link);
}

function mustExist<T>(link: T | undefined, door: Door, index: number): T {
  if (link === undefined) throw new KernelError(`find link ${index} in the ${door}`, 19, undefined, { refused: true });
  return link;
}

export function isOwned(context: OperationContext, door: Door, index: number): boolean {
  return context.owned.has(`${door} ${index}`);
}
