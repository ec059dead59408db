import { CniError, errorCodes } from '../cni/error.ts';
import { EngineError } from '../engine/errors.ts';
import type { AttachmentRecord } from '../records/record.ts';
import { Deadline } from '../system/deadline.ts';
import { makeDelegate, releaseBy } from './delegate.ts';
import { explain, runGuest } from './guest.ts';
import { cleanUpTime, type Node } from './node.ts';
import { attachmentOf, type PluginCall } from './plugin-call.ts';
import { previousOutcomeIfReadable } from './previous.ts';
import { withoutForeignSandbox } from './sandbox.ts';
import { beginWork, makeSession, type Work } from './session.ts';

/**
 * DEL: the plugin's own, where it still loads, then whatever the record shows is left. Goes on past errors, and reports them at the
 * end; a second one finds nothing to do. Throws CniError.
 */
export function del(node: Node, wanted: PluginCall): void {
  using record = node.records.open(attachmentOf(wanted), node.kernel.deadline);
  const call = withoutForeignSandbox(wanted, record);
  const previous = previousOutcomeIfReadable(call.call);
  const work = beginWork(node, call, record, previous, releaseBy(node, call));
  const { transaction } = work;
  const errors: unknown[] = record.state.open.length > 0 ? transaction.rollBack() : [];
  errors.push(...runOwnDel(node, call, record, work));
  errors.push(...transaction.release());
  if (errors.length === 0) record.remove();
  else throw summary(call, errors);
}

/** Runs the guest's del. A guest that does not end properly, or may not do all of it any more, is made up for by the record, where there is one. */
function runOwnDel(node: Node, call: PluginCall, record: AttachmentRecord, work: Work): unknown[] {
  const { plugin } = call;
  if (plugin === undefined) return [];
  const recorded = record.state.lives;
  try {
    const session = makeSession(node, call, plugin, work, makeDelegate(node, call, work));
    runGuest(node, call, plugin, 'del', session, work.gathered, work.gathered.previous);
    return [];
  } catch (error) {
    node.kernel.recover();
    record.releaseLaterLocks();
    if (!call.nested) node.kernel.deadline = Deadline.in(cleanUpTime);
    record.reload();
    if (recorded && (error instanceof EngineError || work.guard?.denied)) {
      node.log('warn', `DEL goes by the record: ${explain(plugin, error).message}`);
      return [];
    }
    return [explain(plugin, error)];
  }
}

function summary(call: PluginCall, errors: readonly unknown[]): CniError {
  const explained = errors.map((error) => explain(call.plugin, error));
  const [first] = explained;
  if (first !== undefined && explained.length === 1) return first;
  const messages = withoutEchoes(explained.map(({ message }) => message));
  return new CniError(first?.code ?? errorCodes.internal, messages.join('; '));
}

/** What the plugin could not take away, the record cannot either, mostly: one cause is told once. */
function withoutEchoes(messages: readonly string[]): readonly string[] {
  const cause = (message: string) => message.replace(/^plugin [^ :]+: /, '');
  return messages.filter((message, i) => !messages.slice(0, i).some((earlier) => earlier.endsWith(cause(message))));
}
