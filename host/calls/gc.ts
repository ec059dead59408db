import type { Call } from '../cni/call.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import type { Attachment } from '../records/attachment.ts';
import type { RecordState } from '../records/journal.ts';
import { Deadline } from '../system/deadline.ts';
import { del } from './del.ts';
import { findPlugin } from './find-plugin.ts';
import type { Node } from './node.ts';
import type { PluginCall } from './plugin-call.ts';

/**
 * GC: the host's, from its records, of all types: a delegate's as well. An attachment of this network that the runtime does not
 * list is taken away; without a list nothing is. Goes on past errors, and reports them at the end. Throws CniError.
 */
export function collectGarbage(node: Node, call: Call): void {
  const valid = call.configuration.validAttachments;
  if (valid === undefined) return;
  const keep = new Set(valid.map(({ containerId, interfaceName }) => `${containerId}/${interfaceName}`));
  const isStale = ({ attachment }: RecordState) =>
    attachment?.network === call.configuration.name &&
    !keep.has(`${attachment.containerId}/${attachment.interfaceName}`);
  const errors: string[] = [];
  for (const attachment of callersFirst(node.records.all().filter(isStale))) {
    // Gone with the plugin that delegated to it.
    if (node.records.peek(attachment) === undefined) continue;
    try {
      node.kernel.deadline = Deadline.in(node.limits.time);
      del(node, delOf(node, call, attachment));
    } catch (error) {
      errors.push(`${attachment.containerId} ${attachment.interfaceName}: ${(error as Error).message}`);
    }
  }
  if (errors.length > 0)
    throw new CniError(errorCodes.internal, `cannot remove all stale attachments: ${errors.join('; ')}`);
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
  };
}
