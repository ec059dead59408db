import type { KeySchema } from '../cni/canonical.ts';

/** What a plugin's author says of it, in the custom section `bulkhead:manifest` of the component, so that whatever vouches for the bytes covers it. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  /** CNI types that the plugin can be called as. */
  readonly types: readonly string[];
  readonly description: string;
  /** Why it imports what it imports, by interface. */
  readonly reasons?: Readonly<Record<string, string>>;
  /** JSON Schema of the network configuration; its property names give the spelling of keys. */
  readonly config?: KeySchema;
  /** The plugin has words of its own for a configuration that does not fit, which users know: these come first, and the host's after them. */
  readonly explainsConfiguration?: boolean;
  /** Where the configuration has the directory of the leases: a JSON pointer, and the directory where there is none. */
  readonly leases?: { readonly directory: string; readonly default: string };
}

export const manifestSection = 'bulkhead:manifest';
