import type { Call } from '../cni/call.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import type { Attachment } from '../records/attachment.ts';
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
  const stale = node.records
    .all()
    .flatMap(({ attachment }) => attachment ?? [])
    .filter(
      ({ network, containerId, interfaceName }) =>
        network === call.configuration.name && !keep.has(`${containerId}/${interfaceName}`),
    );
  const errors: string[] = [];
  for (const attachment of stale) {
    try {
      del(node, delOf(node, call, attachment));
    } catch (error) {
      errors.push(`${attachment.containerId} ${attachment.interfaceName}: ${(error as Error).message}`);
    }
  }
  if (errors.length > 0)
    throw new CniError(errorCodes.internal, `cannot remove all stale attachments: ${errors.join('; ')}`);
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
