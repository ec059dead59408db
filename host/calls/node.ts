import type { AuditLog } from '../audit/log.ts';
import type { Engine, Limits } from '../engine/engine.ts';
import type { LeaseStore } from '../ipam/store.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { SharedLocks } from '../operations/locks.ts';
import type { Operation } from '../operations/operation.ts';
import type { Stage } from '../operations/transaction.ts';
import type { RecordStore } from '../records/store.ts';
import type { PluginStore } from '../trust/plugin.ts';
import type { Ruling } from './guard.ts';
import type { Log } from './log.ts';
import type { Meter } from './meter.ts';

/** All that answering calls needs of the machine. */
export interface Node {
  readonly kernel: Kernel;
  readonly engine: Engine;
  readonly plugins: PluginStore;
  readonly records: RecordStore;
  readonly locks: SharedLocks;
  readonly leases: LeaseStore;
  readonly limits: Limits;
  /** /proc/sys/kernel/random/boot_id */
  readonly bootId: string;
  readonly log: Log;
  /** What tells the runtime's call from others of its attachment: whoever asks for it again gets the answer that was given. */
  readonly callId?: string | undefined;
  /** Where calls are written down; nowhere where absent. */
  readonly audit?: Pick<AuditLog, 'append' | 'close'> | undefined;
  /** Whether whoever asked has gone: looked at before each step of an ADD, and for the last time before it is made good. */
  readonly cancelled?: ((isLast: boolean) => boolean) | undefined;
  /** Told of every decision about what a plugin may do. */
  readonly notice?: ((ruling: Ruling) => void) | undefined;
  /** Measures where the time goes. */
  readonly meter?: Meter | undefined;
  /** Looks on at every stage of every operation. */
  readonly observe?: ((stage: Stage, operation: Operation) => void) | undefined;
}

/** What a node keeps open between calls, to be closed by whoever ends before the process does. */
export function filesOf({ locks, leases, audit }: Pick<Node, 'locks' | 'leases' | 'audit'>): Disposable {
  return {
    [Symbol.dispose]() {
      for (const files of [locks, leases, audit]) files?.close();
    },
  };
}

/** Milliseconds for taking back a call that failed: time of its own, since the call's may be used up. */
export const cleanUpTime = 10_000;
