import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../trust/plugin-files.ts';

/** A grant that a network of this node needs and the policy that ships does not give. */
export interface Proposal {
  readonly file: string;
  readonly network: string;
  /** CNI type whose grants it belongs to. */
  readonly type: string;
  readonly grant: string;
  readonly why: string;
}

interface NetworkPlugin {
  readonly type?: unknown;
  readonly ipam?: { readonly type?: unknown };
}

/**
 * Reads the node's network configurations, as runtimes find them, and proposes what they need beyond the policy: IPAM plugins of the old
 * kind, which are executed with all rights. Files that cannot be read are left to the runtime.
 */
export function proposeGrants(
  configurations: string,
  binDirectory: string,
  types: readonly string[],
): readonly Proposal[] {
  return networkFiles(configurations).flatMap((file) => {
    const { network, plugins } = readNetwork(file);
    return plugins.flatMap(({ type, ipam }) => {
      const delegate = ipam?.type;
      if (typeof type !== 'string' || !types.includes(type) || typeof delegate !== 'string') return [];
      if (delegate === '' || types.includes(delegate)) return [];
      const executable = digestIn(binDirectory, delegate);
      const grant = `- delegate: { type: ${JSON.stringify(delegate)}, executable: ${executable} }`;
      return [
        { file, network, type, grant, why: `its IPAM plugin ${delegate} is an executable, and runs with all rights` },
      ];
    });
  });
}

function networkFiles(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /\.(conf|conflist|json)$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

function readNetwork(file: string): { readonly network: string; readonly plugins: readonly NetworkPlugin[] } {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; plugins?: unknown };
    const plugins = (Array.isArray(value.plugins) ? value.plugins : [value]) as (NetworkPlugin | null)[];
    return {
      network: String(value.name ?? ''),
      plugins: plugins.filter((one) => one !== null && typeof one === 'object'),
    };
  } catch {
    return { network: '', plugins: [] };
  }
}

/** Pinned where it is there; an operator who updates it often may say `any`. */
function digestIn(directory: string, type: string): string {
  const path = join(directory, type);
  return existsSync(path) ? `"sha256:${digestOf(readFileSync(path))}"` : 'any';
}
