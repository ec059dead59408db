import type { Call } from '../cni/call.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import type { Outcome } from '../cni/outcome.ts';
import { HostFault } from '../engine/errors.ts';
import { fault } from '../interfaces/fault.ts';
import type { Assignment, Delegate } from '../interfaces/session.ts';
import { ipFamily } from '../net/ip.ts';
import { type IpPrefix, prefixAddress } from '../net/prefix.ts';
import type { DelegateVerb, Inquiry } from '../policy/access.ts';
import { LockTimeout } from '../system/flock.ts';
import { PluginError } from '../trust/plugin.ts';
import { add } from './add.ts';
import { check } from './check.ts';
import { del } from './del.ts';
import { findPlugin } from './find-plugin.ts';
import type { Guard } from './guard.ts';
import { explain } from './guest.ts';
import { executeDelegate, findExecutable, readExecutable } from './legacy-delegate.ts';
import type { Node } from './node.ts';
import { attachmentOf, type Gathered, type PluginCall } from './plugin-call.ts';
import { beginWork, type Work } from './session.ts';
import { status } from './status.ts';

/** The network's IPAM plugin for a plugin that delegates: ours in this process, others as executables. */
export function makeDelegate(node: Node, outer: PluginCall, { transaction, gathered, guard }: Work): Delegate {
  const type = outer.call.configuration.ipamType;
  const find = (name: string, verb: DelegateVerb) =>
    remembering(gathered, () => findDelegate(node, outer, name, verb, requireOf(guard)));
  return {
    add() {
      const name = required(outer, type);
      // Before it is on record: what is not there, or may not run, has nothing to take back.
      const run = find(name, 'ADD');
      delete gathered.assignment;
      return transaction.recorded({ kind: 'delegate.add', type: name }, () => {
        try {
          gathered.assignment = assignment(outer.call.version, remembering(gathered, run));
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
      delete gathered.assignment;
      requireOrDeny((inquiry) => guard?.requireVerb(inquiry), { kind: 'delegate', type: name, verb: 'DEL' });
      releaseBy(node, outer, (run) => remembering(gathered, run))(name, guard);
      transaction.settle((effect) => effect.kind === 'delegate.add' && effect.type === name);
    },
    check: () => void remembering(gathered, () => find(required(outer, type), 'CHECK')()),
    status: () => void remembering(gathered, () => find(required(outer, type), 'STATUS')()),
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
    const require = isOurs(node, outer, type) ? () => undefined : requireOf(guard);
    try {
      around(() => void findDelegate(node, outer, type, 'DEL', require)());
    } catch (error) {
      if (!(error instanceof DelegateDenied)) throw error;
      node.log('warn', `delegate ${type} does not run, and what it holds is not released: ${error.message}`);
    }
  };
}

/**
 * Hands a GC on to a delegate of the old kind, with the rights of the plugin that runs it. Ours are the host's to collect, and one that
 * does not know GC, as older ones do not, has nothing to say. Throws CniError.
 */
export function collectWithDelegate(node: Node, call: Call, type: string, ipamType: string): void {
  if (node.plugins.types.includes(ipamType)) return;
  const plugin = findPlugin(node, type, 'DEL');
  const outer: PluginCall = { call, type, plugin, sandbox: undefined, nested: false, known: new Map() };
  const { guard } = beginWork(node, outer, undefined, undefined, () => undefined);
  try {
    findDelegate(node, outer, ipamType, 'GC', requireOf(guard))();
  } catch (error) {
    if (error instanceof DelegateDenied || isUnknownVerb(error))
      node.log('warn', `GC without delegate ${ipamType}: ${(error as Error).message}`);
    else throw error;
  }
}

/** Error codes of the specification, 1.1.0, section "Error": an invalid environment variable, the command. */
function isUnknownVerb(error: unknown): boolean {
  return error instanceof CniError && error.code === errorCodes.invalidEnvironment;
}

/** Ours is one that was removed since, too, as long as there is a record of it: the host cleans up from that. */
function isOurs(node: Node, outer: PluginCall, type: string): boolean {
  return (
    node.plugins.types.includes(type) || node.records.peek(attachmentOf({ ...outer, type }))?.attachment !== undefined
  );
}

/** A delegate that the policy does not let run. The error object says so as any other. */
class DelegateDenied extends CniError {}

type Require = (inquiry: Inquiry) => void;
type Run = () => Outcome | undefined;

/** A delegate that may run: ours in this process, or an executable, read once. Throws CniError where there is none, or it may not. */
function findDelegate(node: Node, outer: PluginCall, type: string, verb: DelegateVerb, require: Require): Run {
  if (isOurs(node, outer, type)) {
    requireOrDeny(require, { kind: 'delegate', type, verb });
    return () => runPlugin(node, outer, type, verb);
  }
  const executable = readExecutable(findExecutable(type, outer.call.environment.path));
  requireOrDeny(require, { kind: 'delegate', type, verb, executable: executable.digest });
  return () => {
    // Nobody tells what it does.
    outer.known.clear();
    return executeDelegate(executable, { ...outer.call, verb }, type, node.kernel.deadline, node.log);
  };
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

function runPlugin(node: Node, outer: PluginCall, type: string, verb: DelegateVerb): Outcome | undefined {
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
  // Their records would be one.
  if (type === outer.type) throw new CniError(errorCodes.invalidNetworkConfig, `${type} is not its own IPAM plugin`);
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

/** In the results of 0.1.0 and 0.2.0, routes stand with the address of their family, without one there are none; and they are destination and gateway. */
function assignment(version: string, outcome: Outcome | undefined): Assignment {
  const { addresses, dns, ...all } = outcome ?? { addresses: [], routes: [], dns: undefined };
  const isOld = version === '0.1.0' || version === '0.2.0';
  const routes = isOld ? oldRoutes(addresses, all.routes) : all.routes;
  return { addresses: addresses.map(({ prefix, gateway }) => ({ prefix, gateway })), routes, dns };
}

function oldRoutes(addresses: Outcome['addresses'], routes: Outcome['routes']): Outcome['routes'] {
  const families = new Set(addresses.map(({ prefix }) => familyOf(prefix)));
  return routes
    .filter(({ destination }) => families.has(familyOf(destination)))
    .map(({ destination, gateway }) => ({ destination, gateway }));
}

/** Keeps the error of a delegate, which the plugin may pass on with its code. Throws CniError for all that it could do something about. */
function remembering<T>(gathered: Gathered, body: () => T): T {
  try {
    return body();
  } catch (error) {
    const isTold = error instanceof CniError || error instanceof LockTimeout || error instanceof PluginError;
    if (!isTold) throw error;
    const told = explain(undefined, error);
    gathered.delegateFailure = { code: told.code, message: told.message };
    throw told;
  }
}

function familyOf(prefix: IpPrefix): number {
  return ipFamily(prefixAddress(prefix));
}
