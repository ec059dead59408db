import type { IpAddress } from '../net/ip.ts';
import type { MacAddress } from '../net/mac.ts';
import type { IpPrefix } from '../net/prefix.ts';
import type { Deadline } from '../system/deadline.ts';
import type { Ruleset } from './ruleset.ts';

/**
 * The kernel as far as plugins need it: network namespaces and what is in them. Two implementations agree on it, errnos
 * included: `linux` speaks netlink, `memory` is a model. Every method is synchronous and throws KernelError.
 */
export interface Kernel {
  /** The namespace that this thread was in when the kernel was opened, or the one that it was opened with. */
  readonly host: NetworkNamespace;

  /**
   * Until when anything here may wait; past it, KernelError ETIMEDOUT, and whether a change took effect is not known. What is
   * answered at once is answered also past it. Set anew for each call.
   */
  deadline: Deadline;

  /**
   * Opens a network namespace by path, without blocking on a FIFO and without following it into the namespace.
   * Throws NamespaceError, its message in the words of the reference plugins. The handle is the caller's to close; the
   * namespace lives as long as it is open, whatever becomes of the path.
   */
  openNamespace(path: string): NetworkNamespace;

  /**
   * After a time-out has ended host code half-way: takes the thread back to its own namespace and drops every socket.
   * Handles stay valid, and open new sockets when used. Throws where the thread cannot get back; it must end then.
   */
  recover(): void;

  /** Closes the host's namespace and all that is open. */
  close(): void;
}

/** An open network namespace. Its links, addresses and routes are those of no other. */
export interface NetworkNamespace {
  /** The path it was opened by, empty for the host's. */
  readonly path: string;
  /** SO_NETNS_COOKIE (asm-generic/socket.h): never reused until the machine restarts, unlike nsfs inode numbers. */
  readonly cookie: bigint;

  /**
   * Runs the steps one after the other. What they change here that gives nothing back may be done later than they return, in its order, in
   * fewer messages to the kernel. Throws StepError for the first that failed: those after it may have been taken all the same.
   */
  together(steps: readonly (() => void)[]): void;

  links(): readonly Link[];
  /** Also by an alternative name. Undefined for what can be no name: empty, longer than 15 bytes, with `/`, `:`, `%` or white space. */
  linkByName(name: string): Link | undefined;
  linkByIndex(index: number): Link | undefined;
  /**
   * Returns the link as the kernel has it, which need not be all that was asked for. EEXIST where the name or a veth's other name
   * is taken; the message ends with `(link "eth0" exists)` and so says which end. EINVAL for a name that is none (patterns such as
   * `veth%d` too) and for an MTU out of range, ERANGE for a name that is too long, EADDRNOTAVAIL for a multicast or zero hardware
   * address, EOPNOTSUPP for what the kernel was built without (a kind; for a bridge, `vlanFiltering` of any value).
   */
  createLink(link: NewLink): Link;
  /**
   * Absent fields stay as they are. The kernel makes the changes one by one (address, MTU, name, alias, controller, flags, queue
   * length) and stops at the first that it refuses; those before it stay made. A controller that is no bridge is EOPNOTSUPP, one
   * that is not there EINVAL, and in both cases the link has left its old one. Older kernels do not rename a link that is up (EBUSY).
   */
  changeLink(index: number, change: LinkChange): void;
  /**
   * Moves the link, and renames it on the way where a name is given; EEXIST where the name is taken there, and the link stays.
   * Returns it as it is in its new namespace: down, under another index maybe, without controller, addresses, routes and settings.
   */
  moveLink(index: number, to: NetworkNamespace, name?: string): Link;
  /** Removing one end of a veth removes the other. ENODEV where there is none, EOPNOTSUPP for the loopback link. */
  removeLink(index: number): void;

  /** The link as a port of a bridge; undefined where it is none. */
  bridgePort(index: number): BridgePort | undefined;
  /** EOPNOTSUPP where the link is no port of a bridge. */
  changeBridgePort(index: number, change: BridgePortChange): void;
  /** EOPNOTSUPP where the link is no port of a bridge, or the kernel has no VLAN filtering. */
  addPortVlans(index: number, vlans: readonly VlanRange[]): void;
  /** A VLAN that the port is not in is no error. Only `first` and `last` matter. */
  removePortVlans(index: number, vlans: readonly VlanRange[]): void;

  /** Of every link where index is absent, IPv4 first. Of a link that is not there: none. */
  addresses(index?: number): readonly AssignedAddress[];
  /**
   * The broadcast address of an IPv4 prefix shorter than 31 bits is set to the last of the network, as iproute2 and the Go plugins
   * do. EEXIST where it is there; EACCES where IPv6 is disabled, EINVAL where the MTU is below 1280; ENODEV. IPv6 addresses are
   * tentative at first, for a moment even without detection of duplicates: routes from them have to wait.
   */
  addAddress(index: number, prefix: IpPrefix, flags?: AddressFlags): void;
  /**
   * EADDRNOTAVAIL where it is not there. The first IPv4 address of a network takes the later ones with it (promote_secondaries), and
   * the last of the link all of its IPv4 routes.
   */
  removeAddress(index: number, prefix: IpPrefix): void;

  /**
   * Unicast, local and blackhole routes of one table (254, main, where absent), optionally only those that leave by one link. One
   * for each next hop of a multipath route. Table, scope and protocol are always there, and what is read can be removed as it is.
   */
  routes(filter?: RouteFilter): readonly Route[];
  /**
   * NLM_F_CREATE alone: the same route again is EEXIST, another next hop is a further route. A gateway that cannot be reached is
   * ENETUNREACH (IPv4) or EHOSTUNREACH (IPv6), a link that is down ENETDOWN. Host bits of the destination do not count.
   */
  addRoute(route: Route): void;
  /** Takes the place of the first IPv4 route, or of all IPv6 next hops, of that destination and priority; makes it where there is none. */
  replaceRoute(route: Route): void;
  /** Removes the first that has what is given; ESRCH where there is none such. An IPv6 route without gateway goes with all its next hops. */
  removeRoute(route: Route): void;

  /**
   * Keys are paths below /proc/sys/net with slashes: ipv4/conf/cni0.100/arp_notify. The trailing newline is taken off.
   * ENOENT where there is none such, or the key tries to climb out; EISDIR for a directory.
   */
  readSysctl(key: string): string;
  /** EINVAL for a value that the setting does not take. The empty text writes nothing. */
  writeSysctl(key: string, value: string): void;

  /** Returns when the operational state of the link is up (RFC 2863), by notification. ETIMEDOUT, naming the state it is in. */
  waitUntilUp(index: number, timeoutMilliseconds: number): void;
  /** Returns when no IPv6 address of the link is tentative, by notification. EADDRINUSE names a duplicate; ETIMEDOUT. */
  waitUntilUsable(index: number, timeoutMilliseconds: number): void;

  /** nftables of the namespace. */
  readonly ruleset: Ruleset;

  /** Gives the handle back; used afterwards, it throws EBADF. The host's stays of use until the kernel is closed. */
  close(): void;
}

/** RFC 2863, in the order of IF_OPER_* (linux/if.h). */
export const operStates = ['unknown', 'not-present', 'down', 'lower-layer-down', 'testing', 'dormant', 'up'] as const;
export type OperState = (typeof operStates)[number];

export type LinkDetails =
  | { readonly kind: 'other' }
  | { readonly kind: 'bridge'; readonly vlanFiltering: boolean }
  /** The other end's index, in its own namespace. */
  | { readonly kind: 'veth'; readonly peerIndex: number }
  | { readonly kind: 'vlan'; readonly id: number };

export interface Link {
  readonly index: number;
  readonly name: string;
  /** IFLA_INFO_KIND, such as `veth` and `bridge`; empty for hardware; `loopback` for the loopback link. */
  readonly kind: string;
  readonly details: LinkDetails;
  /** Absent where the hardware address does not have six bytes. */
  readonly mac?: MacAddress;
  readonly mtu: number;
  readonly up: boolean;
  readonly promiscuous: boolean;
  readonly allMulticast: boolean;
  readonly transmitQueueLength: number;
  readonly state: OperState;
  /** Index of the bridge, bond or VRF that it is a port of. */
  readonly controller?: number;
  readonly alias?: string;
}

export type LinkPlan =
  | { readonly kind: 'bridge'; readonly vlanFiltering?: boolean }
  /** The other end is made directly in its namespace. */
  | {
      readonly kind: 'veth';
      readonly peerName: string;
      readonly peerNamespace: NetworkNamespace;
      readonly peerMtu?: number;
    }
  | {
      readonly kind: 'macvlan';
      readonly parent: LinkParent;
      readonly mode: MacvlanMode;
      readonly broadcastQueueLength?: number;
    }
  | { readonly kind: 'ipvlan'; readonly parent: LinkParent; readonly mode: IpvlanMode }
  | { readonly kind: 'vlan'; readonly parent: LinkParent; readonly id: number }
  | { readonly kind: 'dummy' }
  | { readonly kind: 'ifb' }
  | { readonly kind: 'vrf'; readonly table: number };

export type MacvlanMode = 'bridge' | 'private' | 'vepa' | 'passthru';
export type IpvlanMode = 'l2' | 'l3' | 'l3s';

export interface LinkParent {
  readonly namespace: NetworkNamespace;
  readonly index: number;
}

export interface NewLink {
  readonly name: string;
  readonly plan: LinkPlan;
  readonly mtu?: number;
  readonly mac?: MacAddress;
  readonly transmitQueueLength?: number;
}

export interface LinkChange {
  readonly name?: string;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly mac?: MacAddress;
  readonly promiscuous?: boolean;
  readonly allMulticast?: boolean;
  readonly transmitQueueLength?: number;
  /** 0 takes the link out of its controller. */
  readonly controller?: number;
  /** The empty text takes the alias away. */
  readonly alias?: string;
}

export interface BridgePort {
  readonly hairpin: boolean;
  readonly isolated: boolean;
  /** Empty where the kernel has no VLAN filtering. */
  readonly vlans: readonly VlanRange[];
}

export interface BridgePortChange {
  readonly hairpin?: boolean;
  readonly isolated?: boolean;
}

export interface VlanRange {
  readonly first: number;
  readonly last: number;
  readonly pvid: boolean;
  readonly untagged: boolean;
}

export interface AssignedAddress {
  readonly prefix: IpPrefix;
  readonly index: number;
  readonly state: 'usable' | 'tentative' | 'duplicate';
  /** RT_SCOPE_* (linux/rtnetlink.h): 0 universe, 253 link, 254 host. */
  readonly scope: number;
}

export interface AddressFlags {
  /** IFA_F_NODAD: usable at once. */
  readonly noDad?: boolean;
  /** IFA_F_NOPREFIXROUTE: no connected route. */
  readonly noPrefixRoute?: boolean;
}

export interface RouteFilter {
  /** Those that leave by this link only. */
  readonly index?: number;
  /** 254, main, where absent. */
  readonly table?: number;
}

export type RouteKind = 'unicast' | 'local' | 'blackhole';

export interface Route {
  /** RTN_* (linux/rtnetlink.h); unicast where absent, and absent when read. */
  readonly kind?: RouteKind;
  /** 0.0.0.0/0 and ::/0 are the default routes. */
  readonly destination: IpPrefix;
  readonly gateway?: IpAddress;
  readonly index?: number;
  readonly source?: IpAddress;
  readonly priority?: number;
  /** 254, main, where absent. */
  readonly table?: number;
  /** RT_SCOPE_*; where absent, link for a route without gateway (IPv4), else universe. */
  readonly scope?: number;
  /** RTPROT_*: 2 kernel, 3 boot (where absent), 4 static. */
  readonly protocol?: number;
  readonly mtu?: number;
  readonly advertisedMss?: number;
  readonly onLink?: boolean;
}
