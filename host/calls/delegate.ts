import type { Call } from '../cni/call.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import type { Outcome } from '../cni/outcome.ts';
import type { Assignment, Delegate } from '../interfaces/session.ts';
import type { Transaction } from '../operations/transaction.ts';
import { add } from './add.ts';
import { check } from './check.ts';
import { del } from './del.ts';
import { findPlugin } from './find-plugin.ts';
import { executeDelegate, findExecutable } from './legacy-delegate.ts';
import type { Node } from './node.ts';
import type { Gathered, PluginCall } from './plugin-call.ts';
import { status } from './status.ts';

/** The network's IPAM plugin for a plugin that delegates: ours in this process, others as executables. */
export function makeDelegate(node: Node, outer: PluginCall, transaction: Transaction, gathered: Gathered): Delegate {
  const type = outer.call.configuration.ipamType;
  return {
    add: () => {
      const name = required(outer, type);
      // Before it is on record: what is not there has nothing to take back.
      requireDelegate(node, outer, name);
      const effect = { kind: 'delegate.add', type: name } as const;
      return transaction.recorded(effect, () => {
        try {
          const outcome = runDelegate(node, outer, name, 'ADD');
          gathered.assignment = assignment(outcome);
          return gathered.assignment;
        } catch (error) {
          // The specification (section 4): a delegate whose ADD failed gets a DEL.
          releaseQuietly(node, outer, name);
          throw remember(error, gathered);
        }
      });
    },
    del: () => {
      const name = required(outer, type);
      remembering(gathered, () => runDelegate(node, outer, name, 'DEL'));
      transaction.settle((effect) => effect.kind === 'delegate.add' && effect.type === name);
    },
    check: () => remembering(gathered, () => runDelegate(node, outer, required(outer, type), 'CHECK')),
    status: () => remembering(gathered, () => runDelegate(node, outer, required(outer, type), 'STATUS')),
  };
}

/** Throws CniError where there is neither a plugin of ours nor an executable of the type. */
function requireDelegate(node: Node, outer: PluginCall, type: string): void {
  if (!node.plugins.types.includes(type)) findExecutable(type, outer.call.environment.path);
}

/** Runs one verb of a delegate on behalf of the outer call. Throws CniError. */
export function runDelegate(node: Node, outer: PluginCall, type: string, verb: Call['verb']): Outcome | undefined {
  const call: Call = { ...outer.call, verb };
  const plugin = findPlugin(node, type, verb);
  if (plugin === undefined && !node.plugins.types.includes(type)) {
    return executeDelegate(call, verb, type, node.kernel.deadline, node.log);
  }
  const nested: PluginCall = { ...outer, call, type, plugin, nested: true };
  switch (verb) {
    case 'ADD':
      return add(node, nested);
    case 'DEL':
      del(node, nested);
      return undefined;
    case 'CHECK':
      check(node, nested);
      return undefined;
    case 'STATUS':
      status(node, nested);
      return undefined;
    case 'GC':
      return undefined;
  }
}

function required(outer: PluginCall, type: string | undefined): string {
  if (outer.nested) throw new CniError(errorCodes.internal, 'a delegate does not delegate');
  if (type === undefined) throw new CniError(errorCodes.internal, 'no plugin name provided');
  return type;
}

function releaseQuietly(node: Node, outer: PluginCall, type: string): void {
  try {
    runDelegate(node, outer, type, 'DEL');
  } catch (error) {
    // The error of the ADD is the one to report; the delegate's DEL comes again with the DEL that the runtime sends.
    node.log('warn', `${type}: DEL after a failed ADD: ${(error as Error).message}`);
  }
}

function assignment(outcome: Outcome | undefined): Assignment {
  const { addresses, routes, dns } = outcome ?? { addresses: [], routes: [], dns: undefined };
  return { addresses: addresses.map(({ prefix, gateway }) => ({ prefix, gateway })), routes, dns };
}

function remembering(gathered: Gathered, body: () => unknown): void {
  try {
    body();
  } catch (error) {
    throw remember(error, gathered);
  }
}

function remember(error: unknown, gathered: Gathered): unknown {
  if (error instanceof CniError) gathered.delegateFailure = { code: error.code, message: error.message };
  return error;
}
