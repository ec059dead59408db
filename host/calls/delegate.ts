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
  const find = (name: string) => remembering(gathered, () => findDelegate(node, outer, name, requireOf(guard)));
  return {
    add() {
      const name = required(outer, type);
      // Before it is on record: what is not there, or may not run, has nothing to take back.
      const run = find(name);
      return transaction.recorded({ kind: 'delegate.add', type: name }, () => {
        try {
          gathered.assignment = assignment(remembering(gathered, () => run('ADD')));
          return gathered.assignment;
        } catch (error) {
          // The specification (section 4): a delegate whose ADD failed gets a DEL.
          releaseQuietly(node, outer, name, guard);
          throw error;
        }
      });
    },
    del() {
      const name = required(outer, type);
      releaseBy(node, outer, (run) => remembering(gathered, run))(name, guard);
      transaction.settle((effect) => effect.kind === 'delegate.add' && effect.type === name);
    },
    check: () => void remembering(gathered, () => find(required(outer, type))('CHECK')),
    status: () => void remembering(gathered, () => find(required(outer, type))('STATUS')),
  };
}

/**
 * Takes back what a delegate did, by its DEL. One that the policy does not let run any more does not keep a DEL from ending: ours is
 * taken back by the host's own record, and what one of the old kind holds is left to it.
 */
export function releaseBy(
  node: Node,
  outer: PluginCall,
  around: (run: () => void) => void = (run) => run(),
): (type: string, guard: Guard | undefined) => void {
  return (type, guard) => {
    const isOurs = node.plugins.types.includes(type);
    try {
      around(() => void findDelegate(node, outer, type, isOurs ? () => undefined : requireOf(guard))('DEL'));
    } catch (error) {
      if (!(error instanceof DelegateDenied)) throw error;
      node.log('warn', `delegate ${type} does not run, and what it holds is not released: ${error.message}`);
    }
  };
}

/** A delegate that the policy does not let run. The error object says so as any other. */
class DelegateDenied extends CniError {}

type Require = (inquiry: Inquiry) => void;
type Run = (verb: Call['verb']) => Outcome | undefined;

/** A delegate that may run: ours in this process, or an executable, read once. Throws CniError where there is none, or it may not. */
function findDelegate(node: Node, outer: PluginCall, type: string, require: Require): Run {
  if (node.plugins.types.includes(type)) {
    requireOrDeny(require, { kind: 'delegate', type });
    return (verb) => runPlugin(node, outer, type, verb);
  }
  const executable = readExecutable(findExecutable(type, outer.call.environment.path));
  requireOrDeny(require, { kind: 'delegate', type, executable: executable.digest });
  return (verb) => executeDelegate(executable, { ...outer.call, verb }, type, node.kernel.deadline, node.log);
}

function requireOf(guard: Guard | undefined): Require {
  if (guard !== undefined) return (inquiry) => guard.require(inquiry);
  return () => {
    throw fault('denied', 'denied: the plugin that ran it may not run any more');
  };
}

function requireOrDeny(require: Require, inquiry: Inquiry): void {
  try {
    require(inquiry);
  } catch (error) {
    if (!(error instanceof HostFault)) throw error;
    throw new DelegateDenied(errorCodes.internal, error.message, '', { cause: error });
  }
}

function runPlugin(node: Node, outer: PluginCall, type: string, verb: Call['verb']): Outcome | undefined {
  const call: Call = { ...outer.call, verb };
  const nested: PluginCall = { ...outer, call, type, plugin: findPlugin(node, type, verb), nested: true };
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

/** Keeps the error of a delegate, which the plugin may pass on with its code. */
function remembering<T>(gathered: Gathered, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof CniError) gathered.delegateFailure = { code: error.code, message: error.message };
    throw error;
  }
}
