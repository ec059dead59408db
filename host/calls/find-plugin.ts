import type { Call } from '../cni/call.ts';
import { EngineError } from '../engine/errors.ts';
import { type Plugin, PluginError } from '../trust/plugin.ts';
import { during } from './meter.ts';
import type { Node } from './node.ts';

/**
 * The plugin for a type. One that may not run, or cannot be read or loaded, never makes a DEL fail: the host then cleans up from its
 * record. Throws PluginError for the other verbs.
 */
export function findPlugin(node: Node, type: string, verb: Call['verb']): Plugin | undefined {
  try {
    return during(node.meter, type, verb, 'load', () => {
      const plugin = node.plugins.find(type);
      if (verb === 'DEL' && plugin !== undefined) node.engine.load(plugin);
      return plugin;
    });
  } catch (error) {
    if (!(error instanceof PluginError || error instanceof EngineError) || verb !== 'DEL') throw error;
    node.log('warn', `DEL goes on without the plugin: ${error.message}`);
    return undefined;
  }
}
