import type { Call } from '../cni/call.ts';
import { type Plugin, PluginError } from '../trust/plugin.ts';
import type { Node } from './node.ts';

/**
 * The plugin for a type. One that may not run, or cannot be read, never makes a DEL fail: the host then cleans up from its record.
 * Throws PluginError for the other verbs.
 */
export function findPlugin(node: Node, type: string, verb: Call['verb']): Plugin | undefined {
  try {
    return node.plugins.find(type);
  } catch (error) {
    if (!(error instanceof PluginError) || verb !== 'DEL') throw error;
    node.log('warn', `DEL goes on without the plugin: ${error.message}`);
    return undefined;
  }
}
