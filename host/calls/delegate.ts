import type { Call } from '../cni/call.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import type { Outcome } from '../cni/outcome.ts';
import { HostFault } from '../engine/errors.ts';
import { fault } from '../interfaces/fault.ts';
import type { Assignment, Delegate } from '../interfaces/session.ts';
import type { Inquiry } from '../policy/access.ts';
import { add } from './add.ts';
import { check } from './check.ts';
import { del } from './del.ts';
import { findPlugin } from './find-plugin.ts';
import type { Guard } from './guard.ts';
import { executeDelegate, findExecutable, readExecutable } from './legacy-delegate.ts';
import type { Node } from './node.ts';
import type { Gathered, PluginCall } from './plugin-call.ts';
import type { Work } from './session.ts';
import { status } from './status.ts';

/** The network's IPAM plugin for a plugin that delegates: ours in this process, others as executables. */
export function makeDelegate(node: Node, outer: PluginCall, { transaction, gathered, guard }: Work): Delegate {
  const type = outer.call.configuration.ipamType;
  const run = (name: string, verb: Call['verb']) => {
    try {
      return runDelegate(node, outer, name, verb, (inquiry) => guard?.require(inquiry));
    } catch (error) {
      throw remember(error, gathered);
    }
  };
  return {
    add() {
      const name = required(outer, type);
      // Before it is on record: what is not there has nothing to take back.
      requireDelegate(node, outer, name);
      const effect = { kind: 'delegate.add', type: name } as const;
      return transaction.recorded(effect, () => {
        try {
          gathered.assignment = assignment(run(name, 'ADD'));
          return gathered.assignment;
        } catch (error) {
          // The specification (section 4): a delegate whose ADD failed gets a DEL.
          if (!isDenied(error)) releaseQuietly(node, outer, name, guard);
          throw error;
        }
      });
    },
    del() {
      const name = required(outer, type);
      try {
        run(name, 'DEL');
      } catch (error) {
        // Whatever the policy has become, a DEL goes on: the host's own leases go by the record.
        if (!isDenied(error)) throw error;
        node.log('warn', `DEL goes on without the delegate: ${(error as Error).message}`);
      }
      transaction.settle((effect) => effect.kind === 'delegate.add' && effect.type === name);
    },
    check: () => void run(required(outer, type), 'CHECK'),
    status: () => void run(required(outer, type), 'STATUS'),
  };
}

/** A delegate that the policy does not let run. The error object says so as any other. */
class DelegateDenied extends CniError {}

function isDenied(error: unknown): boolean {
  return error instanceof DelegateDenied;
}

/** Throws CniError where there is neither a plugin of ours nor an executable of the type. */
function requireDelegate(node: Node, outer: PluginCall, type: string): void {
  if (!node.plugins.types.includes(type)) findExecutable(type, outer.call.environment.path);
}

type Require = (inquiry: Inquiry) => void;

function requireOrDeny(require: Require, inquiry: Inquiry): void {
  try {
    require(inquiry);
  } catch (error) {
    if (!(error instanceof HostFault)) throw error;
    throw new DelegateDenied(errorCodes.internal, error.message, '', { cause: error });
  }
}

/**
 * Takes back what a delegate did, by its DEL, for the host itself. One of the old kind only runs as the policy says now; where it does
 * not, whatever it holds is left to it.
 */
export function releaseBy(node: Node, outer: PluginCall): (type: string, guard: Guard | undefined) => void {
  return (type, guard) => {
    const isOurs = node.plugins.types.includes(type);
    try {
      runDelegate(node, outer, type, 'DEL', isOurs ? () => undefined : (inquiry) => requireOf(guard)(inquiry));
    } catch (error) {
      if (!isDenied(error)) throw error;
      node.log('warn', `delegate ${type} does not run, and what it holds is not released: ${(error as Error).message}`);
    }
  };
}

function requireOf(guard: Guard | undefined): Require {
  if (guard !== undefined) return (inquiry) => guard.require(inquiry);
  return () => {
    throw fault('denied', 'denied: the plugin that ran it may not run any more');
  };
}

/** Runs one verb of a delegate on behalf of the outer call, where `require` does not throw. Throws CniError. */
function runDelegate(
  node: Node,
  outer: PluginCall,
  type: string,
  verb: Call['verb'],
  require: Require,
): Outcome | undefined {
  const call: Call = { ...outer.call, verb };
  if (!node.plugins.types.includes(type)) {
    const executable = readExecutable(findExecutable(type, call.environment.path));
    requireOrDeny(require, { kind: 'delegate', type, executable: executable.digest });
    return executeDelegate(executable, call, type, node.kernel.deadline, node.log);
  }
  requireOrDeny(require, { kind: 'delegate', type });
  const plugin = findPlugin(node, type, verb);
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

function releaseQuietly(node: Node, outer: PluginCall, type: string, guard: Guard | undefined): void {
  try {
    releaseBy(node, outer)(type, guard);
  } catch (error) {
    // The error of the ADD is the one to report; the delegate's DEL comes again with the DEL that the runtime sends.
    node.log('warn', `${type}: DEL after a failed ADD: ${(error as Error).message}`);
  }
}

function assignment(outcome: Outcome | undefined): Assignment {
  const { addresses, routes, dns } = outcome ?? { addresses: [], routes: [], dns: undefined };
  return { addresses: addresses.map(({ prefix, gateway }) => ({ prefix, gateway })), routes, dns };
}

function remember(error: unknown, gathered: Gathered): unknown {
  if (error instanceof CniError) gathered.delegateFailure = { code: error.code, message: error.message };
  return error;
}
