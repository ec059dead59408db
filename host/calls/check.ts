import { CniError, errorCodes } from '../cni/error.ts';
import { newestLock, releaseLocksAfter } from '../system/flock.ts';
import { makeDelegate } from './delegate.ts';
import { explain, runGuest } from './guest.ts';
import type { Node } from './node.ts';
import type { PluginCall } from './plugin-call.ts';
import { previousOutcome } from './previous.ts';
import { beginWork, makeSession } from './session.ts';

/** CHECK: reads only, and needs a previous result, as the specification says (section 2, "CHECK"). Throws CniError. */
export function check(node: Node, call: PluginCall): void {
  const previous = previousOutcome(call.call);
  look(node, call, 'check', previous);
}

/** Runs a verb of the plugin's that changes nothing, and so has no record. Throws CniError. */
export function look(
  node: Node,
  call: PluginCall,
  name: 'check' | 'status',
  previous: ReturnType<typeof previousOutcome>,
): void {
  const { plugin } = call;
  if (plugin === undefined) throw new CniError(errorCodes.internal, `there is no plugin for type "${call.type}"`);
  // Of the call that this one is a delegate's in the course of.
  const outermost = newestLock();
  const work = beginWork(node, call, undefined, previous, () => undefined);
  try {
    const session = makeSession(node, call, plugin, work, makeDelegate(node, call, work));
    runGuest(node, call, plugin, name, session, work.gathered, previous);
  } catch (error) {
    node.kernel.recover();
    releaseLocksAfter(outermost);
    throw explain(plugin, error);
  }
}
