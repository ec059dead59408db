import type { Execution } from './process.ts';

export type Configuration = Readonly<Record<string, unknown>>;

/** One execution of a plugin, as a runtime would ask for it. */
export interface Call {
  readonly type: string;
  readonly verb: string;
  readonly id?: string | undefined;
  readonly netns?: string | undefined;
  readonly ifname?: string | undefined;
  readonly args?: string | undefined;
  /** CNI_PATH; the directory of the plugins by default, null for none. */
  readonly path?: string | null | undefined;
  /** Variables instead of those above; undefined leaves one out. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What goes to stdin: JSON of it, where it is not a text. */
  readonly configuration: Configuration | string;
  readonly stdinOpen?: boolean;
  readonly killAfter?: number;
}

/** How a call ended. */
export interface Ended extends Execution {
  /** The call in words, for whoever wants to repeat it. */
  readonly did: string;
  /** What stdout holds, where that is one JSON document; else undefined. */
  readonly json: unknown;
}

/** The variables of a call. An undefined one is not set. */
export function environmentOf(call: Call, directory: string): Record<string, string> {
  const wanted = {
    CNI_COMMAND: call.verb,
    CNI_CONTAINERID: call.id,
    CNI_NETNS: call.netns,
    CNI_IFNAME: call.ifname,
    CNI_ARGS: call.args,
    CNI_PATH: call.path === null ? undefined : (call.path ?? directory),
    ...call.environment,
  };
  return Object.fromEntries(
    Object.entries(wanted).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

export function inputOf({ configuration }: Call): string {
  return typeof configuration === 'string' ? configuration : JSON.stringify(configuration);
}

/** `CNI_COMMAND=ADD CNI_IFNAME=eth0 … bridge <<< '{…}'` */
export function describeCall(call: Call, environment: Readonly<Record<string, string>>): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${quote(value)}`);
  const how = [
    ...(call.stdinOpen ? ['stdin left open'] : []),
    ...(call.killAfter === undefined ? [] : [`killed after ${call.killAfter} ms`]),
  ];
  return [...variables, call.type, '<<<', `'${inputOf(call)}'`, ...how.map((what) => `(${what})`)].join(' ');
}

function quote(value: string): string {
  return /^[\w./:=;-]+$/.test(value) ? value : JSON.stringify(value);
}

/** The JSON document that the text is, or undefined. */
export function parseDocument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
