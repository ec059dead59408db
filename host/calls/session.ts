import { readFileSync, statSync } from 'node:fs';
import { plain } from '../cni/json/format.ts';
import { JsonObject, type JsonValue } from '../cni/json/value.ts';
import { limitError } from '../engine/errors.ts';
import { fault } from '../interfaces/fault.ts';
import type { Delegate, Session } from '../interfaces/session.ts';
import type { OperationContext } from '../operations/context.ts';
import type { Operation } from '../operations/operation.ts';
import { Transaction, type TransactionOptions } from '../operations/transaction.ts';
import { deniedByVerb } from '../policy/verbs.ts';
import type { AttachmentRecord } from '../records/record.ts';
import type { Plugin } from '../trust/plugin.ts';
import { escapeControls } from './log.ts';
import type { Node } from './node.ts';
import type { PluginCall } from './plugin-call.ts';

/** A transaction for the call, on its record. */
export function makeTransaction(
  node: Node,
  call: PluginCall,
  record: AttachmentRecord | undefined,
  releaseDelegate: OperationContext['releaseDelegate'],
): Transaction {
  const { sandbox } = call;
  const host = node.kernel.host;
  const deadline = () => node.kernel.deadline;
  const { containerId, interfaceName } = call.call.environment;
  const context: OperationContext = {
    host,
    sandbox,
    leases: node.leases.of({ containerId, interfaceName }, deadline),
    owned: ownedLinks(host, sandbox, record),
    releaseDelegate,
  };
  const { verb } = call.call;
  const options: TransactionOptions = {
    context,
    record,
    records: node.records,
    locks: node.locks,
    deadline,
    direction: verb === 'ADD' ? 'reversible' : 'forward',
    authorize: (operation: Operation) => {
      const denial = deniedByVerb(verb, operation);
      if (denial !== undefined) throw fault('denied', `denied: ${denial}`);
    },
    observe: node.observe,
  };
  return new Transaction(options);
}

/** What the plugin's imports work with. */
export function makeSession(
  node: Node,
  call: PluginCall,
  plugin: Plugin,
  transaction: Transaction,
  delegate: Delegate,
): Session {
  const { sandbox } = call;
  const { environment, configuration } = call.call;
  const deadline = () => node.kernel.deadline;
  let logged = 0;
  return {
    sandbox,
    sandboxPath: environment.netns,
    namespace(door) {
      if (door === 'host') return node.kernel.host;
      if (sandbox === undefined) throw fault('not-found', 'the sandbox is gone');
      return sandbox;
    },
    perform: (operation) => transaction.perform(operation),
    rely: (object, read) => transaction.rely(object, read),
    log(level, message) {
      logged += message.length;
      if (logged > node.limits.log)
        throw limitError('log', `the guest logged more than ${node.limits.log} UTF-16 units`);
      node.log(level, `${plugin.type}: ${escapeControls(message)}`);
    },
    leases: node.leases.of(environment, deadline),
    leaseDirectory() {
      const { leases } = plugin.manifest;
      if (leases === undefined) throw fault('denied', 'the manifest does not say where the lease directory stands');
      const found = pointer(configuration.document, leases.directory);
      return node.leases.directory(
        typeof found === 'string' && found !== '' ? found : leases.default,
        configuration.name,
      );
    },
    delegate,
    readResolver,
  };
}

/** More than enough for any resolv.conf. */
const largestResolver = 256 * 1024;

function readResolver(path: string): string {
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

/** RFC 6901, with keys matched as in the rest of the configuration. */
function pointer(document: JsonValue, path: string): unknown {
  let value: JsonValue | undefined = document;
  for (const step of path.split('/').slice(1)) {
    value = value instanceof JsonObject ? value.get(step.replaceAll('~1', '/').replaceAll('~0', '~')) : undefined;
  }
  return value === undefined ? undefined : plain(value);
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
