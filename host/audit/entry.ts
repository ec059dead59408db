import { hash } from 'node:crypto';

/** One call, as it is written down. */
export interface AuditEntry {
  /** RFC 3339, UTC. */
  readonly time: string;
  /** Also in the details of the error that the runtime gets. */
  readonly correlation: string;
  readonly verb: string;
  readonly type: string;
  readonly network: string;
  readonly containerId: string;
  readonly interfaceName: string;
  readonly plugin?:
    | { readonly version: string; readonly digest: string; readonly signers: readonly string[] }
    | undefined;
  readonly operations: readonly AuditedAccess[];
  /** How many more there were. */
  readonly omitted?: number | undefined;
  readonly outcome: { readonly ok: true } | { readonly ok: false; readonly code: number; readonly message: string };
  readonly milliseconds: number;
  readonly configuration: { readonly sha256: string; readonly fields: Readonly<Record<string, unknown>> };
  /** SHA-256 of CNI_ARGS, where there are any. */
  readonly arguments?: string | undefined;
}

/** Something that a plugin did, or wanted to. */
export interface AuditedAccess {
  /** CNI type of the plugin: a delegate's own are in the entry of the call that it is part of. */
  readonly plugin: string;
  readonly access: unknown;
  readonly decision: 'allowed' | 'denied' | 'would-deny';
  /** Line of the policy. */
  readonly line?: number | undefined;
  readonly reason?: string | undefined;
  /** From the decision until it was done. */
  readonly microseconds?: number | undefined;
}

/** What of a configuration is no secret. All else is covered by the digest alone: passwords of VPNs have stood in configurations. */
const openFields: readonly string[] = [
  ...['cniVersion', 'name', 'type', 'bridge', 'mtu', 'vlan', 'isGateway', 'isDefaultGateway', 'forceAddress', 'ipMasq'],
  ...['hairpinMode', 'promiscMode', 'ipam.type', 'ipam.dataDir', 'ipam.subnet', 'ipam.ranges', 'runtimeConfig.ips'],
];

/** Members of the objects in `ipam.ranges` that are no secret. */
const rangeFields: readonly string[] = ['subnet', 'rangeStart', 'rangeEnd', 'gateway'];

/**
 * The fields of a decoded configuration that may be written down, and the digest of stdin as it came.
 * `read` gives the plain value at a JSON pointer, undefined where there is none.
 */
export function auditedConfiguration(
  read: (pointer: string) => unknown,
  stdin: Uint8Array,
): AuditEntry['configuration'] {
  const found = openFields.flatMap((name) => {
    const value = read(`/${name.replaceAll('.', '/')}`);
    return value === undefined ? [] : [[name, ifShort(openPart(value))] as const];
  });
  return { sha256: sha256(stdin), fields: Object.fromEntries(found) };
}

/** UTF-16 units of one field, as JSON. */
const longestField = 2000;

function ifShort(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text.length <= longestField ? value : { length: text.length, sha256: sha256(text) };
}

/** An allowed field may hold what nobody expects there. */
function openPart(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(openPart);
  if (typeof value !== 'object' || value === null) return value;
  const open = Object.entries(value).filter(([key, item]) => rangeFields.includes(key) && typeof item === 'string');
  return Object.fromEntries(open);
}

export function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes);
}
