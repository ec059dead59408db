import type { Door } from '../operations/operation.ts';
import type { Access, AccessKind } from './access.ts';

/**
 * One grant: the kind of access, and what each of its arguments may be. Arguments that a rule does not name have to be absent. Texts are
 * globs (`veth*`) or terms that stand for something of the request (`$config/bridge`); of several, one has to match.
 */
export interface Rule {
  readonly allow: AccessKind;
  /** Where it stands in the policy file, from 1. */
  readonly line: number;
  /** Terms of which one has to stand for something that is not false: `$config/forceAddress`. */
  readonly when?: Texts;
  readonly door?: Door | undefined;
  /** The link that is changed, or that an address, a port or a route is on, by its name. */
  readonly link?: Texts;
  /** Of a link that is made or moved. */
  readonly name?: Texts;
  readonly kind?: readonly string[] | undefined;
  /** Of a veth: the door and the name of its other end. Without a name, only one that the host draws. */
  readonly peer?: { readonly door: Door; readonly name?: Texts } | undefined;
  readonly to?: Door | undefined;
  /** Properties that may be set, each with the values that it may get. */
  readonly set?: Readonly<Record<string, readonly Value[]>> | undefined;
  /** Of an address: itself, or a network that it is in. */
  readonly prefix?: Texts;
  readonly destination?: Texts;
  /** `none` for routes without one. */
  readonly gateway?: Texts;
  readonly table?: readonly number[] | undefined;
  readonly key?: Texts;
  readonly value?: readonly Value[] | undefined;
  /** VLAN ids: `2-100`. */
  readonly vlans?: Texts;
  /** The directory above those of networks. */
  readonly dataDir?: Texts;
  /** Networks that leases may be from; addresses that may be masqueraded. */
  readonly addresses?: Texts;
  readonly path?: Texts;
  readonly type?: Texts;
  /** Of delegates of the old kind: SHA-256 of the executables that may run, or `any`. */
  readonly executable?: Texts;
}

export type Texts = readonly string[] | undefined;
export type Value = string | number | boolean;

/** What a policy says to an access. */
export interface Decision {
  readonly allowed: boolean;
  /** The line of the policy that allows it. */
  readonly line?: number;
  /** Where it is not allowed: the item that would have to stand among the grants. Undefined where none can say it. */
  readonly missing?: string;
}

/** What one plugin may do, whoever decides it. */
export interface Grants {
  readonly decide: (access: Access, request: Request) => Decision;
}

/** What the terms of rules stand for in one call. Each gives nothing where there is nothing. */
export interface Request {
  /** CNI_IFNAME */
  readonly interfaceName: string;
  /** Name of the network. */
  readonly network: string;
  /** The value at a JSON pointer into the configuration, with the manifest's defaults. */
  readonly configuration: (pointer: string) => unknown;
  /** From CNI_ARGS. */
  readonly argument: (key: string) => string | undefined;
  /** Addresses that the delegate or the plugins before gave to this attachment: `10.1.0.2/24`. */
  readonly leased: () => readonly string[];
  /** Gateways of those, each with the length of its network: `10.1.0.1/24`. */
  readonly gateways: () => readonly string[];
  /** Routes that the delegate or the plugins before gave. */
  readonly routes: () => readonly GivenRoute[];
  /** A link, by its index. */
  readonly link: (door: Door, index: number) => LinkFacts | undefined;
  /** Names of the links behind a door that this attachment made. */
  readonly created: (door: Door) => readonly string[];
}

export interface GivenRoute {
  readonly destination: string;
  readonly gateway?: string | undefined;
  /** 254, main, where absent. */
  readonly table?: number | undefined;
}

export interface LinkFacts {
  readonly name: string;
  /** The hardware address that it has, and the one that it had when the plugin looked last: a bridge without one of its own gets another with each port. */
  readonly macs: readonly string[];
  /** Whether this attachment made it. */
  readonly created: boolean;
}
