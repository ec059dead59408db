import type { ComponentSource, Limits } from '../engine/engine.ts';
import type { Grants } from '../policy/rule.ts';
import type { Manifest } from './manifest.ts';

/** A plugin that may run: bytes that were vouched for, and what they say of themselves. */
export interface Plugin extends ComponentSource {
  readonly type: string;
  readonly manifest: Manifest;
  readonly rights: Rights;
}

/** What the operator's policy says of a plugin. */
export interface Rights {
  readonly grants: Grants;
  /** `audit` lets through what the grants deny, and records it. */
  readonly mode: 'enforce' | 'audit';
  /** Those that are not those of all plugins. */
  readonly limits: Partial<Limits>;
  /** What STATUS says where no address is left. */
  readonly fullPool: 'ready' | 'unavailable';
  /** Who vouched for it, by the policy's names. */
  readonly signers: readonly string[];
}

/** The plugins of a node. */
export interface PluginStore {
  /** The plugin for a CNI type; undefined where there is none. Throws PluginError where there is one that may not run. */
  find(type: string): Plugin | undefined;
  readonly types: readonly string[];
}

/** A plugin is there, and may not run or cannot be read. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
}
