import type { IpAddress } from '../../net/ip.ts';
import type { MacAddress } from '../../net/mac.ts';
import type { IpPrefix } from '../../net/prefix.ts';
import type { AssignedAddress, RouteKind, VlanRange } from '../kernel.ts';
import type { Configuration } from './configuration.ts';
import type { RulesetModel } from './ruleset.ts';

/** All namespaces, as plain data. What can be worked out from the rest (carrier, operational state) is not stored. */
export interface WorldModel {
  readonly namespaces: NamespaceModel[];
  /** CONFIG_BRIDGE_VLAN_FILTERING */
  readonly bridgeVlans: boolean;
  nextCookie: bigint;
  /** The last of the hardware addresses that were drawn. */
  lastMac: number;
}

export interface NamespaceModel {
  readonly world: WorldModel;
  readonly cookie: bigint;
  readonly links: Map<number, LinkModel>;
  /** In the order in which the kernel lists those of one destination and priority. */
  readonly routes: RouteModel[];
  readonly ipv4: SharedConfiguration;
  readonly ipv6: SharedConfiguration;
  /** By key, those that belong to no link. */
  readonly sysctls: Map<string, string>;
  readonly ruleset: RulesetModel;
  nextIndex: number;
  /** The local table of IPv4 comes with the first address. Before, the kernel takes every address for a broadcast address. */
  hasLocalTable: boolean;
}

/** conf/all and conf/default. */
export interface SharedConfiguration {
  readonly all: Configuration;
  readonly default: Configuration;
}

export type LinkBody =
  | { readonly kind: 'loopback' }
  /** `peer` is undefined only while the pair is being made. */
  | { readonly kind: 'veth'; peer: LinkModel | undefined }
  | BridgeBody
  | { readonly kind: 'dummy' | 'ifb' };

export interface BridgeBody {
  readonly kind: 'bridge';
  readonly vlanFiltering: boolean;
  /** Until somebody chooses them, its address is the lowest of its ports' and its MTU the least. */
  macChosen: boolean;
  mtuChosen: boolean;
  /** A new bridge has a carrier, until the states of its ports are first looked at (br_port_state_selection). */
  portsCounted: boolean;
}

export interface LinkModel {
  namespace: NamespaceModel;
  index: number;
  name: string;
  readonly body: LinkBody;
  mac: MacAddress;
  mtu: number;
  up: boolean;
  promiscuous: boolean;
  allMulticast: boolean;
  transmitQueueLength: number;
  alias: string;
  controller: LinkModel | undefined;
  port: PortModel;
  addresses: AddressModel[];
  ipv4: Configuration;
  /** Undefined where the MTU is below 1280: IPv6 does not know the link then. */
  ipv6: Configuration | undefined;
  /** IF_READY (net/if_inet6.h): IPv6 has seen the link up and with a carrier since it was last down. */
  ready: boolean;
}

export interface PortModel {
  hairpin: boolean;
  isolated: boolean;
  vlans: VlanRange[];
}

export interface AddressModel {
  readonly prefix: IpPrefix;
  readonly scope: number;
  readonly noDad: boolean;
  readonly noPrefixRoute: boolean;
  state: AssignedAddress['state'];
  /** IFA_F_SECONDARY: another IPv4 address of the same network was there first. */
  secondary: boolean;
}

export interface RouteModel {
  readonly kind: RouteKind;
  /** Without host bits. */
  readonly destination: IpPrefix;
  readonly gateway: IpAddress | undefined;
  readonly link: LinkModel | undefined;
  source: IpAddress | undefined;
  readonly priority: number;
  readonly table: number;
  readonly scope: number;
  readonly protocol: number;
  readonly mtu: number | undefined;
  readonly advertisedMss: number | undefined;
  readonly onLink: boolean;
}

/** linux/rtnetlink.h */
export const RT_TABLE_MAIN = 254;
export const RT_TABLE_LOCAL = 255;
export const RT_SCOPE_UNIVERSE = 0;
export const RT_SCOPE_SITE = 200;
export const RT_SCOPE_LINK = 253;
export const RT_SCOPE_HOST = 254;
export const RTPROT_KERNEL = 2;
export const RTPROT_BOOT = 3;

/** linux/ipv6.h: IPV6_MIN_MTU */
export const leastIpv6Mtu = 1280;

export function findLink(namespace: NamespaceModel, name: string): LinkModel | undefined {
  for (const link of namespace.links.values()) if (link.name === name) return link;
  return undefined;
}

export function everyLink(world: WorldModel): LinkModel[] {
  return world.namespaces.flatMap((namespace) => [...namespace.links.values()]);
}

export function portsOf(bridge: LinkModel): LinkModel[] {
  return [...bridge.namespace.links.values()].filter((link) => link.controller === bridge);
}
