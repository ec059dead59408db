import { readFileSync } from 'node:fs';
import { escapeControls, type Log } from '../calls/log.ts';
import type { Node } from '../calls/node.ts';
import type { Limits } from '../engine/engine.ts';
import { V8Engine } from '../engine/v8/engine.ts';
import { TranspiledStore } from '../engine/v8/store.ts';
import { LeaseStore } from '../ipam/store.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { SharedLocks } from '../operations/locks.ts';
import { RecordStore } from '../records/store.ts';
import { ReleasePlugins } from '../trust/store.ts';
import type { Layout } from './layout.ts';

/** What a plugin may use up in one call, unless somebody says otherwise. */
export const defaultLimits: Limits = {
  memory: 16 * 1024 * 1024,
  time: 30_000,
  hostCalls: 10_000,
  handles: 64,
  string: 1024 * 1024,
  log: 64 * 1024,
};

/** The machine, as an installed release sees it. */
export function openNode(layout: Layout, kernel: Kernel, log: Log): Node {
  return {
    kernel,
    engine: new V8Engine(new TranspiledStore(layout.transpiled)),
    plugins: new ReleasePlugins(layout.plugins),
    records: new RecordStore(layout.records),
    locks: new SharedLocks(layout.locks),
    leases: new LeaseStore(layout.leaseIndexes),
    limits: defaultLimits,
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    log,
  };
}

/** Warnings and errors to stderr, which the specification leaves free for logs; `verbose` for all that plugins say. */
export function stderrLog(write: (text: string) => void, verbose = false): Log {
  return (level, line) => {
    if (verbose || level === 'warn' || level === 'error') write(`bulkhead: ${level}: ${escapeControls(line)}\n`);
  };
}
