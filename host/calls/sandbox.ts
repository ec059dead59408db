import type { Environment } from '../cni/environment.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import { NamespaceError } from '../kernel/errors.ts';
import type { Kernel, NetworkNamespace } from '../kernel/kernel.ts';
import type { RecordState } from '../records/journal.ts';
import type { AttachmentRecord } from '../records/record.ts';
import type { PluginCall } from './plugin-call.ts';

/**
 * Opens CNI_NETNS. Whether it is the host's own is found out here, before anything is done: the reference looks only
 * afterwards, when the host's links are down or gone. Throws CniError.
 */
export function openSandbox(kernel: Kernel, { netns, mayBeOwnNamespace }: Environment): NetworkNamespace {
  let sandbox: NetworkNamespace;
  try {
    sandbox = kernel.openNamespace(netns);
  } catch (error) {
    if (!(error instanceof NamespaceError)) throw error;
    throw new CniError(errorCodes.internal, `failed to open netns "${netns}": ${error.message}`, '', { cause: error });
  }
  if (sandbox.cookie !== kernel.host.cookie || mayBeOwnNamespace) return sandbox;
  sandbox.close();
  const message = "plugin's netns and netns from CNI_NETNS should not be the same";
  throw new CniError(errorCodes.invalidNetns, message, netns);
}

/** For DEL, which has to succeed where the namespace is gone: undefined then, and where the call names none. Throws CniError as above. */
export function openSandboxIfThere(kernel: Kernel, environment: Environment): NetworkNamespace | undefined {
  if (environment.netns === '') return undefined;
  try {
    return openSandbox(kernel, environment);
  } catch (error) {
    const { cause } = error as CniError;
    if (cause instanceof NamespaceError && cause.code === 'missing') return undefined;
    throw error;
  }
}

/**
 * A namespace path can lead to another namespace than the one on record. What is in that one is not what the record is about, and is
 * not touched.
 */
export function withoutForeignSandbox(call: PluginCall, { state }: AttachmentRecord): PluginCall {
  return isForeign(call, state) ? { ...call, sandbox: undefined } : call;
}

function isForeign({ sandbox }: PluginCall, { sandbox: recorded }: RecordState): boolean {
  return recorded !== undefined && sandbox !== undefined && sandbox.cookie.toString() !== recorded;
}
