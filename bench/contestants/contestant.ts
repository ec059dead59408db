import type { Call } from '../meter.ts';

export const contestantNames = ['nothing', 'floor', 'go', 'one-shot v8', 'daemon v8', 'daemon wasmtime'] as const;
export type ContestantName = (typeof contestantNames)[number];

export type Verb = 'ADD' | 'CHECK' | 'DEL' | 'VERSION';
export type PluginType = 'bridge' | 'loopback' | 'host-local';

/** A container's interface. */
export interface Attachment {
  readonly id: string;
  readonly netns: string;
  readonly ifname: string;
  /** What the floor is told to give it, since it keeps no leases. */
  readonly address: string;
}

/** Who answers calls. Each has a node of its own: a network namespace with a bridge, and a directory for its leases. */
export interface Contestant {
  readonly name: ContestantName;
  /** Whether it does all that a plugin does. The floor, and the program that does nothing, do not. */
  readonly isPlugin: boolean;
  readonly binaries: string;
  readonly node: string;
  readonly leases: string;
  /** Besides CNI_*. */
  readonly environment: Readonly<Record<string, string>>;
  /** The process that answers its calls, where that is none of those that are executed. */
  readonly daemon?: number;
}

export interface Request {
  readonly type: PluginType;
  readonly verb: Verb;
  readonly attachment?: Attachment;
  readonly configuration?: object;
}

/** A call as a container runtime makes it. */
export function callOf(contestant: Contestant, { type, verb, attachment, configuration }: Request): Call {
  const { binaries, environment, node, isPlugin } = contestant;
  return {
    program: `${binaries}/${type}`,
    namespace: node,
    environment: {
      ...environment,
      CNI_COMMAND: verb,
      CNI_PATH: binaries,
      ...(attachment === undefined ? {} : variablesOf(attachment)),
      ...(isPlugin || attachment === undefined ? {} : { CNI_ARGS: `IP=${attachment.address}` }),
    },
    stdin: configuration === undefined ? '' : JSON.stringify(configuration),
  };
}

function variablesOf({ id, netns, ifname }: Attachment): Record<string, string> {
  return { CNI_CONTAINERID: id, CNI_NETNS: netns, CNI_IFNAME: ifname };
}
