import { CniError, errorCodes } from '../cni/error.ts';
import type { Outcome } from '../cni/outcome.ts';
import { encodeResult } from '../cni/result/encode.ts';
import type { Transaction } from '../operations/transaction.ts';
import type { AttachmentRecord } from '../records/record.ts';
import { Deadline } from '../system/deadline.ts';
import { makeDelegate, releaseBy } from './delegate.ts';
import { explain, runGuest } from './guest.ts';
import { cleanUpTime, type Node } from './node.ts';
import { checkOutcome } from './outcome-check.ts';
import { attachmentOf, type PluginCall } from './plugin-call.ts';
import { previousOutcome } from './previous.ts';
import { withoutForeignSandbox } from './sandbox.ts';
import { assertWanted, beginWork, makeSession } from './session.ts';

/** The runtime's ADD: its result as it is printed. One that was answered, to somebody who did not hear it, is answered again. Throws CniError. */
export function answerAdd(node: Node, call: PluginCall): string {
  using record = node.records.open(attachmentOf(call), node.kernel.deadline);
  return record.answerTo(node.callId) ?? attach(node, call, record).result;
}

/** A delegate's ADD. Throws CniError. */
export function add(node: Node, call: PluginCall): Outcome {
  using record = node.records.open(attachmentOf(call), node.kernel.deadline);
  return attach(node, call, record).outcome;
}

/**
 * All of it, or nothing. Whatever ends it before its result is checked (a failure, a trap, a limit, a result that is not
 * true), what it did is taken back.
 */
function attach(node: Node, call: PluginCall, record: AttachmentRecord): { outcome: Outcome; result: string } {
  const { plugin } = call;
  if (plugin === undefined) throw new CniError(errorCodes.internal, `there is no plugin for type "${call.type}"`);
  const previous = previousOutcome(call.call);
  takeBackEarlier(node, call, record);
  const work = beginWork(node, call, record, previous, releaseBy(node, call));
  const { transaction, gathered } = work;
  record.begin(node.bootId, call.sandbox?.cookie);
  try {
    const session = makeSession(node, call, plugin, work, makeDelegate(node, call, work));
    const outcome = runGuest(node, call, plugin, 'add', session, gathered, previous) ?? emptyOutcome;
    const opensSandbox = node.engine.load(plugin).shape.imports.has('bulkhead:net/sandbox@0.1.0');
    const checked = checkOutcome(outcome, call, node.kernel, gathered, previous, opensSandbox);
    // A version may have no words for it: better found out now than after it is done.
    const result = encodeResult(checked, call.call.version);
    assertWanted(node, true);
    record.commit(node.callId === undefined || call.nested ? undefined : { call: node.callId, result });
    return { outcome: checked, result };
  } catch (error) {
    takeBack(node, call, record, transaction);
    throw explain(plugin, error);
  }
}

/** What a call that was killed left behind goes first. It may have been about another namespace. */
function takeBackEarlier(node: Node, call: PluginCall, record: AttachmentRecord): void {
  if (record.state.open.length === 0) return;
  const earlier = withoutForeignSandbox(call, record);
  const { transaction } = beginWork(node, earlier, record, undefined, releaseBy(node, earlier));
  report(node, transaction.rollBack());
}

const emptyOutcome: Outcome = { interfaces: [], addresses: [], routes: [] };

/**
 * A time-out may have ended host code anywhere: the thread goes back to its own namespace, drops sockets and locks, and then
 * goes by what is on record, with time of its own.
 */
function takeBack(node: Node, call: PluginCall, record: AttachmentRecord, transaction: Transaction): void {
  node.kernel.recover();
  record.releaseLaterLocks();
  call.known.clear();
  const before = node.kernel.deadline;
  node.kernel.deadline = Deadline.in(cleanUpTime);
  try {
    record.reload();
    report(node, transaction.rollBack());
  } finally {
    if (call.nested) node.kernel.deadline = before;
  }
}

/** What could not be taken back stays on record for the DEL; the log has why. */
function report(node: Node, errors: readonly unknown[]): void {
  for (const error of errors) node.log('error', `roll-back: ${error instanceof Error ? error.message : String(error)}`);
}
