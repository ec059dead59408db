import type { Call } from '../cni/call.ts';
import type { ValidAttachment } from '../cni/configuration.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import { collectMasquerade } from '../firewall/masquerade.ts';
import type { Attachment } from '../records/attachment.ts';
import type { RecordState } from '../records/journal.ts';
import { Deadline } from '../system/deadline.ts';
import { del } from './del.ts';
import { collectWithDelegate } from './delegate.ts';
import { findPlugin } from './find-plugin.ts';
import type { Node } from './node.ts';
import type { PluginCall } from './plugin-call.ts';
import { leaseDirectory } from './request.ts';

/**
 * GC: the host's, by its records, of all types: a delegate's as well. An attachment of this network that the runtime does not list is
 * taken away; without a list nothing is. What has no record, since other plugins made it, is known by lease files and comments of rules.
 * Goes on past errors, and reports them at the end. Throws CniError.
 */
export function collectGarbage(node: Node, call: Call, type: string): void {
  const { name: network, validAttachments: valid } = call.configuration;
  if (valid === undefined) return;
  const errors: string[] = [];
  const attempt = (what: string, body: () => void) => {
    try {
      node.kernel.deadline = Deadline.in(node.limits.time);
      body();
    } catch (error) {
      errors.push(`${what}: ${(error as Error).message}`);
    }
  };
  for (const attachment of staleRecords(node, network, valid)) {
    attempt(`${attachment.containerId} ${attachment.interfaceName}`, () => {
      // Not gone with the plugin that delegated to it.
      if (node.records.peek(attachment) !== undefined) del(node, delOf(node, call, attachment));
    });
  }
  attempt('records', () => node.records.removeEmpty());
  attempt('masquerading', () =>
    collectMasquerade(
      node.kernel.host.ruleset,
      network,
      valid.map((one) => ({ network, ...one })),
    ),
  );
  for (const directory of leaseDirectories(node, call, type)) {
    attempt('leases', () => node.leases.collect(directory, isValidIn(valid), node.kernel.deadline));
  }
  const { ipamType } = call.configuration;
  if (ipamType !== undefined && ipamType !== type) {
    attempt(`delegate ${ipamType}`, () => collectWithDelegate(node, call, type, ipamType));
  }
  if (errors.length > 0)
    throw new CniError(errorCodes.internal, `cannot remove all stale attachments: ${errors.join('; ')}`);
}

function staleRecords(node: Node, network: string, valid: readonly ValidAttachment[]): readonly Attachment[] {
  const isValid = isValidIn(valid);
  const isStale = ({ attachment }: RecordState) =>
    attachment?.network === network && !isValid(attachment.containerId, attachment.interfaceName);
  return callersFirst(node.records.all().filter(isStale));
}

/** A lease in the reference's older form names the container only. */
function isValidIn(valid: readonly ValidAttachment[]): (containerId: string, interfaceName?: string) => boolean {
  const attachments = new Set(valid.map((one) => `${one.containerId}/${one.interfaceName}`));
  const containers = new Set(valid.map(({ containerId }) => containerId));
  return (containerId, interfaceName) =>
    interfaceName === undefined ? containers.has(containerId) : attachments.has(`${containerId}/${interfaceName}`);
}

/** Where the plugins of this network have their leases, as their manifests say. */
function leaseDirectories(node: Node, { configuration }: Call, type: string): readonly string[] {
  const { document, name, ipamType } = configuration;
  const types = new Set(
    [type, ...(ipamType === undefined ? [] : [ipamType])].filter((one) => node.plugins.types.includes(one)),
  );
  return [...types].flatMap((one) => {
    const leases = findPlugin(node, one, 'DEL')?.manifest.leases;
    return leases === undefined ? [] : [node.leases.directory(leaseDirectory(document, leases), name)];
  });
}

/** A plugin that delegates takes its delegate's attachment away with its own; the other way round it would not find it. */
function callersFirst(records: readonly RecordState[]): readonly Attachment[] {
  const delegates = ({ committed, open }: RecordState) =>
    [...committed, ...open].some(({ effect }) => effect.kind === 'delegate.add');
  const ordered = [...records.filter(delegates), ...records.filter((record) => !delegates(record))];
  return ordered.flatMap(({ attachment }) => attachment ?? []);
}

/** As the runtime would have called it, without a namespace. */
function delOf(node: Node, call: Call, { containerId, interfaceName, type }: Attachment): PluginCall {
  const environment = { ...call.environment, containerId, interfaceName, netns: '', args: '' };
  return {
    call: { ...call, verb: 'DEL', environment },
    type,
    plugin: findPlugin(node, type, 'DEL'),
    sandbox: undefined,
    nested: false,
    known: new Map(),
  };
}
