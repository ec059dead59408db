import type { IpAddress } from '../net/ip.ts';
import type { IpPrefix } from '../net/prefix.ts';

/** A result of the specification without its version: what an ADD did, or a previous plugin. */
export interface Outcome {
  readonly interfaces: readonly InterfaceInfo[];
  readonly addresses: readonly OutcomeAddress[];
  readonly routes: readonly OutcomeRoute[];
  readonly dns?: Dns | undefined;
}

export interface InterfaceInfo {
  readonly name: string;
  /** Text, since not every link has six bytes of it. */
  readonly mac?: string | undefined;
  readonly mtu?: number | undefined;
  /** Empty for the host. */
  readonly sandbox: string;
  readonly socketPath?: string | undefined;
  readonly pciId?: string | undefined;
}

export interface OutcomeAddress {
  readonly prefix: IpPrefix;
  readonly gateway?: IpAddress | undefined;
  /** Which of the outcome's interfaces has it. */
  readonly position?: number | undefined;
}

export interface OutcomeRoute {
  readonly destination: IpPrefix;
  readonly gateway?: IpAddress | undefined;
  readonly mtu?: number | undefined;
  readonly advertisedMss?: number | undefined;
  readonly priority?: number | undefined;
  readonly table?: number | undefined;
  readonly scope?: number | undefined;
}

export interface Dns {
  readonly nameservers: readonly string[];
  readonly domain?: string | undefined;
  readonly search: readonly string[];
  readonly options: readonly string[];
}
