import { look } from './check.ts';
import type { Node } from './node.ts';
import type { PluginCall } from './plugin-call.ts';

/** STATUS: whether an ADD could be served now. Throws CniError, with code 50 or 51 where the plugin says so. */
export function status(node: Node, call: PluginCall): void {
  look(node, call, 'status', undefined);
}
