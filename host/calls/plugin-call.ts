import type { Call } from '../cni/call.ts';
import type { Outcome } from '../cni/outcome.ts';
import type { Assignment } from '../interfaces/session.ts';
import type { NetworkNamespace } from '../kernel/kernel.ts';
import type { MacAddress } from '../net/mac.ts';
import type { KnownLinks } from '../operations/context.ts';
import type { Door } from '../operations/operation.ts';
import type { Attachment } from '../records/attachment.ts';
import type { Plugin } from '../trust/plugin.ts';

/** One call of one plugin: the runtime's, or a delegate's in the course of it. */
export interface PluginCall {
  readonly call: Call;
  readonly type: string;
  /** Undefined where there is no such plugin, or it may not run: DEL goes on without it. */
  readonly plugin: Plugin | undefined;
  readonly sandbox: NetworkNamespace | undefined;
  /** Whether a plugin called this one. A delegate does not delegate. */
  readonly nested: boolean;
  /** Of the whole call: what was read of links, for a plugin and its delegate. */
  readonly known: KnownLinks;
}

/** What a call gathers, which its outcome and what its plugin wants to change are checked against. */
export interface Gathered {
  /** What the delegate gave. */
  assignment?: Assignment;
  /** What the plugins before it made. */
  previous?: Outcome | undefined;
  /** The delegate's last error object, which a plugin may pass on with its code. */
  delegateFailure?: { readonly code: number; readonly message: string };
  /** The hardware addresses of links that the plugin was told last: `host 12`. */
  readonly told: Map<`${Door} ${number}`, MacAddress | undefined>;
}

export function attachmentOf({ call, type }: PluginCall): Attachment {
  const { containerId, interfaceName } = call.environment;
  return { network: call.configuration.name, containerId, interfaceName, type };
}
