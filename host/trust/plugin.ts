import type { ComponentSource } from '../engine/engine.ts';
import type { Manifest } from './manifest.ts';

/** A plugin that may run: bytes that were vouched for, and what they say of themselves. */
export interface Plugin extends ComponentSource {
  readonly type: string;
  readonly manifest: Manifest;
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
