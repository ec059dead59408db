import type { BridgePort, BridgePortChange, LinkChange, Route, VlanRange } from '../kernel/kernel.ts';
import type { IpAddress } from '../net/ip.ts';
import type { IpPrefix } from '../net/prefix.ts';
import type { Door } from './operation.ts';

/**
 * What an operation is about to change, written to the record before it is applied, and all that undoing it needs. It names its object
 * by an identity that was drawn before: undoing an effect that never came about finds nothing, and harms nothing.
 */
export type Effect =
  /** The link of that name and kind; a veth by the end whose name the host drew. */
  | { readonly kind: 'link.create'; readonly door: Door; readonly name: string; readonly linkKind: string }
  | {
      readonly kind: 'link.change';
      readonly door: Door;
      readonly index: number;
      readonly names: readonly string[];
      readonly before: LinkChange;
      /** Where it had a controller and is to have another: a bridge forgets its ports. */
      readonly port?: BridgePort;
    }
  | {
      readonly kind: 'link.move';
      readonly from: Door;
      readonly to: Door;
      readonly name: string;
      readonly newName: string;
      /** In the namespace that it comes from. */
      readonly index: number;
      readonly linkKind: string;
    }
  | {
      readonly kind: 'port.change';
      readonly door: Door;
      readonly index: number;
      readonly name: string;
      readonly before: BridgePortChange;
    }
  | ({ readonly kind: 'port.add-vlans' } & PortVlans)
  | ({ readonly kind: 'port.remove-vlans' } & PortVlans)
  | ({
      readonly kind: 'address.add';
      /** IPv6: other addresses of the network that were there without a route to it. The kernel leaves it to them, whoever brought it. */
      readonly unrouted?: readonly IpPrefix[];
    } & AddressOnLink)
  | ({ readonly kind: 'address.remove' } & AddressOnLink)
  | ({ readonly kind: 'route.add' } & RouteBehindDoor)
  | ({ readonly kind: 'route.remove' } & RouteBehindDoor)
  | ({ readonly kind: 'route.replace' } & RouteBehindDoor)
  | {
      readonly kind: 'sysctl.write';
      readonly door: Door;
      readonly key: string;
      readonly before: string;
      readonly after: string;
    }
  | { readonly kind: 'masquerade.enable'; readonly addresses: readonly IpPrefix[] }
  | { readonly kind: 'mac-guard.enable' }
  | { readonly kind: 'lease.reserve'; readonly directory: string; readonly address?: IpAddress }
  /** The delegate's own record, and its DEL, have the rest. */
  | { readonly kind: 'delegate.add'; readonly type: string };

export type EffectOf<K extends Effect['kind']> = Extract<Effect, { readonly kind: K }>;

interface PortVlans {
  readonly door: Door;
  readonly index: number;
  readonly name: string;
  /** All of the port. */
  readonly before: readonly VlanRange[];
}

interface AddressOnLink {
  readonly door: Door;
  readonly index: number;
  readonly name: string;
  readonly prefix: IpPrefix;
}

interface RouteBehindDoor {
  readonly door: Door;
  readonly route: Route;
  /** All to its destination in its table, as the kernel showed them. */
  readonly before: readonly Route[];
}

/**
 * What an operation will do, decided before anything is recorded.
 *
 * - `covered`: its object dies with a link that this call made, and is undone with that.
 * - `private`: its object dies with the attachment.
 * - `shared`: its object may serve others. `object` names it for locks and for looking up who else uses it; without an effect, the
 *   operation finds the object as it wants it, and only notes the use.
 */
export type Plan =
  | { readonly scope: 'covered' }
  | { readonly scope: 'private'; readonly effect: Effect | undefined }
  | { readonly scope: 'shared'; readonly object: SharedObject; readonly effect: Effect | undefined };

/** Something of the host's that several attachments use: `link cni0`, `sysctl ipv4/ip_forward`. */
export type SharedObject = `link ${string}` | `sysctl ${string}` | `route ${string}`;
