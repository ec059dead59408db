import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kernel, NetworkNamespace } from '../../host/kernel/kernel.ts';
import { openLinuxKernel } from '../../host/kernel/linux/linux-kernel.ts';
import { createMemoryKernel } from '../../host/kernel/memory/memory-kernel.ts';
import { snapshot } from '../../host/kernel/snapshot.ts';
import type { OperationContext } from '../../host/operations/context.ts';
import { SharedLocks } from '../../host/operations/locks.ts';
import type { Operation, OperationKind, OperationOf, ValueOf } from '../../host/operations/operation.ts';
import { type Stage, Transaction } from '../../host/operations/transaction.ts';
import type { AttachmentRecord } from '../../host/records/record.ts';
import { RecordStore } from '../../host/records/store.ts';
import { Deadline } from '../../host/system/deadline.ts';
import { makeNamespace, missingPrivileges } from '../kernel/namespace.ts';

/** Operations on two namespaces of one of the kernels, without a plugin: one transaction on a record of its own. */
export interface Workbench extends Disposable {
  readonly kernel: Kernel;
  readonly host: NetworkNamespace;
  readonly sandbox: NetworkNamespace;
  readonly record: AttachmentRecord;
  perform<K extends OperationKind>(operation: OperationOf<K> & Operation): ValueOf<K>;
  performAll: Transaction['performAll'];
  /** Undoes what is on record, as another process would that knows nothing else. Throws the first of what went wrong. */
  rollBack(): void;
  /** As `rollBack` after a commit: what a DEL does. */
  release(): void;
  /** Both namespaces, without what is drawn at random or comes by itself. */
  state(): unknown;
}

export interface WorkbenchOptions {
  /** Of the real kernel: called before each receive. */
  readonly beforeReceive?: () => void;
  /** What the operations act on instead of the host's namespace. */
  readonly asHost?: (host: NetworkNamespace) => NetworkNamespace;
  /** Throws where an operation is not allowed. */
  readonly authorize?: (operation: Operation) => void;
  readonly observe?: (stage: Stage, operation: Operation) => void;
  readonly deadline?: () => Deadline;
}

export interface WorkbenchKind {
  readonly name: string;
  readonly missing: string | undefined;
  readonly make: (options?: WorkbenchOptions) => Workbench;
}

export const workbenches: readonly WorkbenchKind[] = [
  { name: 'the kernel in memory', missing: undefined, make: (options = {}) => onMemory(options) },
  { name: 'the real kernel', missing: missingPrivileges(), make: (options = {}) => onLinux(options) },
];

function onMemory(options: WorkbenchOptions): Workbench {
  const kernel = createMemoryKernel();
  kernel.addNamespace('/run/netns/sandbox');
  return makeWorkbench(kernel, kernel.openNamespace('/run/netns/sandbox'), options, () => kernel.close());
}

function onLinux(options: WorkbenchOptions): Workbench {
  const namespaces = [makeNamespace(), makeNamespace()] as const;
  const { beforeReceive } = options;
  const kernel = openLinuxKernel({
    hostNamespace: namespaces[0].path,
    ...(beforeReceive === undefined ? {} : { beforeReceive }),
  });
  return makeWorkbench(kernel, kernel.openNamespace(namespaces[1].path), options, () => {
    kernel.close();
    for (const namespace of namespaces) namespace.remove();
  });
}

function makeWorkbench(
  kernel: Kernel,
  sandbox: NetworkNamespace,
  { asHost = (host) => host, authorize = () => undefined, observe, deadline = () => Deadline.never }: WorkbenchOptions,
  dispose: () => void,
): Workbench {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-operations-'));
  const { host } = kernel;
  // New links get their IPv6 addresses at once, or none.
  for (const namespace of [host, sandbox]) {
    for (const all of ['all', 'default']) namespace.writeSysctl(`ipv6/conf/${all}/accept_dad`, '0');
    namespace.writeSysctl('ipv6/conf/default/addr_gen_mode', '1');
  }
  const records = new RecordStore(join(directory, 'attachments'));
  const attachment = { network: 'net', containerId: 'pod', interfaceName: 'eth0', type: 'test' };
  const record = records.open(attachment, Deadline.never);
  record.begin('boot', sandbox.cookie);
  const known: OperationContext['known'] = new Map();
  const locks = new SharedLocks(join(directory, 'locks'));
  const transaction = (owned: OperationContext['owned']) => {
    const context = { host: asHost(host), sandbox, owned, made: new Set(), known } as unknown as OperationContext;
    const direction = 'reversible' as const;
    return new Transaction({ context, record, records, locks, deadline, direction, authorize, observe });
  };
  const current = transaction(new Set());
  const orThrow = ([error]: readonly unknown[]) => {
    if (error !== undefined) throw error;
  };
  return {
    kernel,
    host,
    sandbox,
    record,
    perform(operation) {
      // Each is the first of its call.
      known.clear();
      return current.perform(operation);
    },
    performAll(door, operations) {
      known.clear();
      current.performAll(door, operations);
    },
    rollBack() {
      record.reload();
      orThrow(transaction(new Set()).rollBack());
    },
    release() {
      record.commit();
      orThrow(transaction(new Set()).release());
    },
    state: () => ({ host: withoutMacs(host), sandbox: withoutMacs(sandbox) }),
    [Symbol.dispose]() {
      record[Symbol.dispose]();
      locks.close();
      dispose();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** States of links come and go with their other ends. */
function withoutMacs(namespace: NetworkNamespace): unknown {
  const { links, routes } = snapshot(namespace);
  return { links: links.map(({ state: _, ...link }) => link), routes };
}
