import type { MasqueradeBackend } from '../firewall/masquerade.ts';
import type { AddressFlags, BridgePortChange, Link, LinkChange, NewLink, Route, VlanRange } from '../kernel/kernel.ts';
import type { IpAddress } from '../net/ip.ts';
import type { MacAddress } from '../net/mac.ts';
import type { IpPrefix } from '../net/prefix.ts';

/** Which namespace: that of the attachment, or the host's. */
export type Door = 'sandbox' | 'host';

/** A new link whose namespaces are doors. */
export type LinkBlueprint = Omit<NewLink, 'plan'> & {
  readonly plan:
    | { readonly kind: 'bridge'; readonly vlanFiltering?: boolean }
    /** Without a name the host draws a free one. */
    | { readonly kind: 'veth'; readonly peerName?: string; readonly peerDoor: Door; readonly peerMtu?: number }
    | { readonly kind: 'dummy' | 'ifb' };
};

/** Which addresses may be leased, in which directory: host-local's pools. */
export interface LeaseRequest {
  readonly directory: string;
  /** Index of the range set: names the cursor. */
  readonly pool: number;
  readonly ranges: readonly LeaseRange[];
  /** This one, and no other. */
  readonly address?: IpAddress;
}

export interface LeaseRange {
  readonly first: IpAddress;
  readonly last: IpAddress;
  readonly excluded: readonly IpAddress[];
}

export type Reservation =
  | { readonly kind: 'leased'; readonly address: IpAddress }
  /** This attachment has it already, in one of these ranges. */
  | { readonly kind: 'held'; readonly address: IpAddress }
  | { readonly kind: 'taken' | 'exhausted' };

/** A new link; of a veth, with the name of its other end. */
export interface CreatedLink {
  readonly link: Link;
  readonly peerName?: string | undefined;
}

/** What each operation takes and gives. Every change that a plugin makes is one of these values. */
export interface OperationTable {
  'link.create': { take: { readonly door: Door; readonly link: LinkBlueprint }; give: CreatedLink };
  'link.change': {
    take: { readonly door: Door; readonly index: number; readonly change: LinkChange };
    give: undefined;
  };
  'link.move': {
    take: { readonly door: Door; readonly index: number; readonly to: Door; readonly name?: string };
    give: Link;
  };
  'link.remove': { take: { readonly door: Door; readonly index: number }; give: undefined };
  'port.change': {
    take: { readonly door: Door; readonly index: number; readonly change: BridgePortChange };
    give: undefined;
  };
  'port.add-vlans': {
    take: { readonly door: Door; readonly index: number; readonly vlans: readonly VlanRange[] };
    give: undefined;
  };
  'port.remove-vlans': {
    take: { readonly door: Door; readonly index: number; readonly vlans: readonly VlanRange[] };
    give: undefined;
  };
  'address.add': {
    take: { readonly door: Door; readonly index: number; readonly prefix: IpPrefix; readonly flags?: AddressFlags };
    give: undefined;
  };
  'address.remove': {
    take: { readonly door: Door; readonly index: number; readonly prefix: IpPrefix };
    give: undefined;
  };
  'route.add': { take: { readonly door: Door; readonly route: Route }; give: undefined };
  'route.replace': { take: { readonly door: Door; readonly route: Route }; give: undefined };
  'route.remove': { take: { readonly door: Door; readonly route: Route }; give: undefined };
  'sysctl.write': { take: { readonly door: Door; readonly key: string; readonly value: string }; give: undefined };
  /** Of the attachment's own addresses, on the host's way out. */
  'masquerade.enable': {
    take: { readonly addresses: readonly IpPrefix[]; readonly backend: MasqueradeBackend };
    give: undefined;
  };
  'masquerade.disable': { take: object; give: undefined };
  /** `index` is the host's end. */
  'mac-guard.enable': { take: { readonly index: number; readonly mac: MacAddress }; give: undefined };
  'mac-guard.disable': { take: object; give: undefined };
  'lease.reserve': { take: LeaseRequest; give: Reservation };
  'lease.release': { take: { readonly directory: string }; give: undefined };
}

export type OperationKind = keyof OperationTable;
export type OperationOf<K extends OperationKind> = { readonly kind: K } & OperationTable[K]['take'];
export type Operation = { [K in OperationKind]: OperationOf<K> }[OperationKind];
export type ValueOf<K extends OperationKind> = OperationTable[K]['give'];

/** The operation in words, for errors and logs: `create veth eth0 in the sandbox`. */
export function describeOperation(operation: Operation): string {
  const where = 'door' in operation ? ` in the ${operation.door}` : '';
  switch (operation.kind) {
    case 'link.create':
      return `create ${operation.link.plan.kind} ${operation.link.name}${where}`;
    case 'link.change':
      return `set ${Object.keys(operation.change).join(', ')} of link ${operation.index}${where}`;
    case 'link.move':
      return `move link ${operation.index} from the ${operation.door} to the ${operation.to}`;
    case 'link.remove':
      return `remove link ${operation.index}${where}`;
    case 'port.change':
      return `set ${Object.keys(operation.change).join(', ')} of bridge port ${operation.index}${where}`;
    case 'port.add-vlans':
      return `add VLANs to bridge port ${operation.index}${where}`;
    case 'port.remove-vlans':
      return `remove VLANs from bridge port ${operation.index}${where}`;
    case 'address.add':
      return `add ${operation.prefix} to link ${operation.index}${where}`;
    case 'address.remove':
      return `remove ${operation.prefix} from link ${operation.index}${where}`;
    case 'route.add':
    case 'route.replace':
    case 'route.remove':
      return `${operation.kind.slice('route.'.length)} route to ${operation.route.destination}${where}`;
    case 'sysctl.write':
      return `write ${operation.value} to ${operation.key}${where}`;
    case 'masquerade.enable':
      return `masquerade ${operation.addresses.join(', ')}`;
    case 'masquerade.disable':
      return 'stop masquerading';
    case 'mac-guard.enable':
      return `let link ${operation.index} send as ${operation.mac} alone`;
    case 'mac-guard.disable':
      return 'stop guarding hardware addresses';
    case 'lease.reserve':
      return `lease ${operation.address ?? 'an address'} in ${operation.directory}`;
    case 'lease.release':
      return `release leases in ${operation.directory}`;
  }
}
