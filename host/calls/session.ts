import { readFileSync, statSync } from 'node:fs';
import { CniError, errorCodes } from '../cni/error.ts';
import type { Outcome } from '../cni/outcome.ts';
import { HostFault, hostCallsError, limitError } from '../engine/errors.ts';
import { fault } from '../interfaces/fault.ts';
import type { Delegate, Session } from '../interfaces/session.ts';
import type { OperationContext } from '../operations/context.ts';
import type { Operation } from '../operations/operation.ts';
import { Transaction, type TransactionOptions } from '../operations/transaction.ts';
import type { Inquiry } from '../policy/access.ts';
import type { AttachmentRecord } from '../records/record.ts';
import type { Plugin } from '../trust/plugin.ts';
import { Guard } from './guard.ts';
import { escapeControls } from './log.ts';
import type { Node } from './node.ts';
import { attachmentOf, type Gathered, type PluginCall } from './plugin-call.ts';
import { leaseDirectory, makeRequest } from './request.ts';

/** What a call works with, besides the machine: its transaction, what it gathers, and what its plugin may do. */
export interface Work {
  readonly transaction: Transaction;
  readonly gathered: Gathered;
  /** Undefined where there is no plugin that runs. */
  readonly guard: Guard | undefined;
}

/** Begins the work of a call, on its record where it changes anything. */
export function beginWork(
  node: Node,
  call: PluginCall,
  record: AttachmentRecord | undefined,
  previous: Outcome | undefined,
  release: (type: string, guard: Guard | undefined) => void,
): Work {
  const { sandbox, plugin } = call;
  const host = node.kernel.host;
  const deadline = () => node.kernel.deadline;
  const { containerId, interfaceName } = call.call.environment;
  const context: OperationContext = {
    host,
    sandbox,
    leases: node.leases.of({ containerId, interfaceName }, deadline),
    attachment: attachmentOf(call),
    masqueraded: masqueradedOnRecord(record) ?? previous?.addresses.map(({ prefix }) => prefix),
    owned: ownedLinks(host, sandbox, record),
    made: new Set(),
    known: call.known,
    releaseDelegate: (type) => release(type, guard),
  };
  const gathered: Gathered = { previous, told: new Map() };
  const { verb } = call.call;
  const guard: Guard | undefined =
    plugin && new Guard(plugin, verb, makeRequest(call, plugin.manifest, context, gathered), node.notice ?? ignore);
  const options: TransactionOptions = {
    context,
    record,
    records: node.records,
    locks: node.locks,
    deadline,
    direction: verb === 'ADD' ? 'reversible' : 'forward',
    authorize(operation: Operation) {
      if (verb === 'ADD') assertWanted(node, false);
      guard?.require(operation);
    },
    observe: node.observe,
  };
  return { transaction: new Transaction(options), gathered, guard };
}

const ignore = () => undefined;

/** What the plugin's imports work with. */
export function makeSession(
  node: Node,
  call: PluginCall,
  plugin: Plugin,
  { transaction, gathered, guard }: Work,
  delegate: Delegate,
): Session {
  const { sandbox } = call;
  const { environment, configuration } = call.call;
  const deadline = () => node.kernel.deadline;
  const hostCalls = plugin.rights.limits.hostCalls ?? node.limits.hostCalls;
  let logged = 0;
  let counted = 0;
  return {
    sandbox,
    attachment: attachmentOf(call),
    sandboxPath: environment.netns,
    namespace(door) {
      if (door === 'host') return node.kernel.host;
      if (sandbox === undefined) throw fault('not-found', 'the sandbox is gone');
      return sandbox;
    },
    perform: (operation) => transaction.perform(operation),
    performAll: (door, operations) => transaction.performAll(door, operations),
    count(accesses) {
      counted += accesses;
      if (counted > hostCalls) throw hostCallsError(hostCalls);
    },
    require: (inquiry) => guard?.require(inquiry),
    tell(door, link) {
      gathered.told.set(`${door} ${link.index}`, link.mac);
      transaction.know(door, link);
    },
    rely: (object, read, isReliedOn) => transaction.rely(object, read, isReliedOn),
    log(level, message) {
      if (!isAllowed(guard, { kind: 'log' })) return;
      logged += message.length;
      if (logged > node.limits.log)
        throw limitError('log', `the guest logged more than ${node.limits.log} UTF-16 units`);
      node.log(level, `${plugin.type}: ${escapeControls(message)}`);
    },
    leases: node.leases.of(environment, deadline),
    leaseDirectory() {
      const { leases } = plugin.manifest;
      if (leases === undefined) throw fault('denied', 'the manifest does not say where the lease directory stands');
      return node.leases.directory(leaseDirectory(configuration.document, leases), configuration.name);
    },
    fullPool: plugin.rights.fullPool,
    delegate,
    readResolver,
  };
}

/** Throws CniError where whoever asked has hung up. */
export function assertWanted(node: Node, isLast: boolean): void {
  if (node.cancelled?.(isLast) === true) throw new CniError(errorCodes.internal, 'the caller has hung up');
}

/** For what a plugin does without where it is denied. */
function isAllowed(guard: Guard | undefined, inquiry: Inquiry): boolean {
  try {
    guard?.require(inquiry);
    return true;
  } catch (error) {
    if (error instanceof HostFault) return false;
    throw error;
  }
}

/** More than enough for any resolv.conf. */
const largestResolver = 256 * 1024;

function readResolver(path: string): string {
  if (path.includes('\0')) throw fault('invalid-argument', `no path of a file: ${JSON.stringify(path)}`);
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > largestResolver)
      throw fault('invalid-argument', `${path} is not a small regular file`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    const { code, errno, message } = error as NodeJS.ErrnoException;
    throw fault(code === 'ENOENT' ? 'not-found' : 'kernel', message, Math.abs(errno ?? 0), error);
  }
}

function masqueradedOnRecord(record: AttachmentRecord | undefined): OperationContext['masqueraded'] {
  const effects = [...(record?.state.committed ?? []), ...(record?.state.open ?? [])].map(({ effect }) => effect);
  const enabled = effects.filter((effect) => effect.kind === 'masquerade.enable');
  return enabled.length === 0 ? undefined : enabled.flatMap(({ addresses }) => addresses);
}

/** Links that the record shows as made for this attachment, at both ends. */
function ownedLinks(
  host: OperationContext['host'],
  sandbox: OperationContext['sandbox'],
  record: AttachmentRecord | undefined,
): OperationContext['owned'] {
  const owned: OperationContext['owned'] = new Set();
  for (const { effect, object } of [...(record?.state.committed ?? []), ...(record?.state.open ?? [])]) {
    if (effect.kind !== 'link.create' || object !== undefined) continue;
    const link = (effect.door === 'host' ? host : sandbox)?.linkByName(effect.name);
    if (link?.kind !== effect.linkKind) continue;
    owned.add(`${effect.door} ${link.index}`);
    const other = effect.door === 'host' ? 'sandbox' : 'host';
    if (link.details.kind === 'veth') owned.add(`${other} ${link.details.peerIndex}`);
  }
  return owned;
}
