import { AuditLog } from '../audit/log.ts';
import type { Log } from '../calls/log.ts';
import type { Node } from '../calls/node.ts';
import type { Limits } from '../engine/engine.ts';
import { LeaseStore } from '../ipam/store.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { SharedLocks } from '../operations/locks.ts';
import { RecordStore } from '../records/store.ts';
import { bootId } from '../system/boot.ts';
import { PluginError } from '../trust/plugin.ts';
import { PluginFiles } from '../trust/plugin-files.ts';
import { BrokenSeal, openSeal, type Seal } from '../trust/seal.ts';
import { readTrustState, type TrustState, writeTrustState } from '../trust/trust-state.ts';
import { TrustedPlugins } from '../trust/trusted-plugins.ts';
import { openPreferredEngine } from './engines.ts';
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

/** What a node goes by when it loads plugins. */
export interface Trust {
  readonly seal: Seal;
  /** Throws PluginError where nothing can be trusted. */
  readonly state: () => TrustState;
}

export function pluginFilesOf({ plugins, addedPlugins }: Layout): PluginFiles {
  return new PluginFiles(plugins, addedPlugins);
}

/**
 * What was found before, where all that it rests on is as it was; else it is found again, which loads what reads policies and
 * signatures. A policy that cannot be used lets nothing run.
 */
export async function openTrust(layout: Layout): Promise<Trust> {
  let seal: Seal = new BrokenSeal();
  try {
    seal = openSeal(layout.secret);
    const state = readTrustState(layout.trust, seal) ?? (await renewTrust(layout, seal));
    return { seal, state: () => state };
  } catch (error) {
    // Whatever it is, a DEL still has its record.
    const fail = () => {
      throw new PluginError(`no plugin may run: ${error instanceof Error ? error.message : error}`, { cause: error });
    };
    return { seal, state: fail };
  }
}

/** Throws where the policy cannot be used. */
export async function renewTrust(layout: Layout, seal: Seal): Promise<TrustState> {
  const { establishTrust } = await import('../trust/establish.ts');
  const state = establishTrust(layout.policy, pluginFilesOf(layout));
  try {
    writeTrustState(layout.trust, seal, state);
  } catch {
    // A disk that is full, or may not be written: the next call finds it again.
  }
  return state;
}

/** The machine, as an installed release sees it. */
export function openNode(layout: Layout, kernel: Kernel, trust: Trust, log: Log): Node {
  const plugins = new TrustedPlugins(pluginFilesOf(layout), trust.state);
  return { ...machineOf(layout, trust.seal), engine: openPreferredEngine(layout, trust.seal), kernel, plugins, log };
}

/** The same without what threads have for themselves, or keep warm. */
export function openSealedNode(layout: Layout): { readonly node: Machine; readonly seal: Seal } {
  const seal = openSeal(layout.secret);
  return { node: machineOf(layout, seal), seal };
}

type Machine = Omit<Node, 'kernel' | 'engine' | 'plugins' | 'log'>;

/** All that lies in its directories. */
export function machineOf(layout: Layout, seal: Seal): Machine {
  return {
    records: new RecordStore(layout.records),
    locks: new SharedLocks(layout.locks),
    leases: new LeaseStore(layout.leaseIndexes),
    limits: defaultLimits,
    audit: new AuditLog({ directory: layout.audit, seal: seal.for(auditPurpose), lostFile: layout.auditLost }),
    bootId: bootId(),
  };
}

/** What the machine's secret authenticates, besides code made of components: the log of calls. */
export const auditPurpose = 'bulkhead audit log 1';
