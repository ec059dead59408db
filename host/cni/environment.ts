import { CniError, errorCodes } from './error.ts';

export type Verb = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';
const verbs: readonly string[] = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION'] satisfies Verb[];

/** The call as the environment states it. Empty means absent (CNI specification 1.1.0, section 2, "Parameters"). */
export interface Environment {
  /** Undefined where CNI_COMMAND names none of the verbs; the specification's answer to that comes after the configuration is read. */
  readonly verb: Verb | undefined;
  readonly command: string;
  readonly containerId: string;
  readonly netns: string;
  readonly interfaceName: string;
  readonly args: string;
  /** Directories of CNI_PATH. */
  readonly path: readonly string[];
  /** CNI_NETNS_OVERRIDE: the sandbox may be the plugin's own namespace. */
  readonly mayBeOwnNamespace: boolean;
}

interface Variable {
  readonly name: string;
  readonly required: readonly Verb[];
  readonly validate?: (value: string) => CniError | undefined;
}

const attachmentVerbs: readonly Verb[] = ['ADD', 'CHECK', 'DEL'];

/** In the reference's order, which decides which fault is reported (containernetworking/cni pkg/skel/skel.go). */
const variables: readonly Variable[] = [
  { name: 'CNI_COMMAND', required: verbs as readonly Verb[] },
  { name: 'CNI_CONTAINERID', required: attachmentVerbs, validate: invalidContainerId },
  { name: 'CNI_NETNS', required: ['ADD', 'CHECK'] },
  { name: 'CNI_IFNAME', required: attachmentVerbs, validate: invalidInterfaceName },
  { name: 'CNI_ARGS', required: [] },
  { name: 'CNI_PATH', required: ['ADD', 'CHECK', 'DEL', 'GC', 'STATUS'] },
];

/**
 * Reads and checks the CNI_* variables. An invalid value is reported before a missing one, and missing ones all at once.
 * Throws CniError `invalidEnvironment`.
 */
export function decodeEnvironment(environment: Readonly<Record<string, string | undefined>>): Environment {
  const value = (name: string) => environment[name] ?? '';
  const command = value('CNI_COMMAND');
  const missing: string[] = [];
  for (const variable of variables) {
    if (!(variable.required as readonly string[]).includes(command)) continue;
    const text = value(variable.name);
    if (text === '') missing.push(variable.name);
    const invalid = text === '' ? undefined : variable.validate?.(text);
    if (invalid !== undefined) throw invalid;
  }
  if (missing.length > 0) {
    throw new CniError(errorCodes.invalidEnvironment, `required env variables [${missing.join(',')}] missing`);
  }
  return {
    verb: verbs.includes(command) ? (command as Verb) : undefined,
    command,
    containerId: value('CNI_CONTAINERID'),
    netns: value('CNI_NETNS'),
    interfaceName: value('CNI_IFNAME'),
    args: value('CNI_ARGS'),
    path: value('CNI_PATH')
      .split(':')
      .filter((directory) => directory !== ''),
    mayBeOwnNamespace: /^(1|true)$/i.test(value('CNI_NETNS_OVERRIDE')),
  };
}

/** Names of containers and networks: `^[a-zA-Z0-9][a-zA-Z0-9_.\-]*$`. */
export function isSafeName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) && !name.includes('\n');
}

function invalidContainerId(id: string): CniError | undefined {
  if (isSafeName(id)) return undefined;
  return new CniError(errorCodes.invalidEnvironment, 'invalid characters in containerID', id);
}

function invalidInterfaceName(name: string): CniError | undefined {
  const fault = (message: string, details?: string) => new CniError(errorCodes.invalidEnvironment, message, details);
  if (Buffer.byteLength(name) > 15) {
    return fault('interface name is too long', 'interface name should be less than 16 characters');
  }
  if (name === '.' || name === '..') return fault('interface name is . or ..');
  if (/[/:\s\u0085]/u.test(name)) return fault('interface name contains / or : or whitespace characters');
  return undefined;
}
