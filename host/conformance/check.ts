import type { World } from './bench/world.ts';

/** What the check holds a plugin to: a sentence in the words of who said it, and where it stands. */
export interface Rule {
  readonly sentence: string;
  readonly source: string;
}

/** What has to be there for a check to make sense; it is skipped, visibly, where something is missing. */
export interface Needs {
  /** CNI types whose executables have to be in the directory. */
  readonly plugins: readonly string[];
  /** The version of the specification that all of these have to support, as VERSION tells. */
  readonly version?: string;
  /** False for the few that can do without root and network namespaces. */
  readonly namespaces?: false;
  /** Programs in PATH, of the check or of the plugin. */
  readonly tools?: readonly string[];
  /** What the kernel has to be able to do: in words, and as a command that succeeds where it is. */
  readonly kernel?: { readonly ability: string; readonly command: string };
}

/** One behaviour of a plugin, as a runtime sees it from outside. */
export interface Check {
  /** In kebab case, the CNI type first; never changed, since lists of known failures go by it. */
  readonly id: string;
  readonly title: string;
  readonly rule: Rule;
  readonly needs: Needs;
  /** Resolves where the plugin behaves. Throws {@link Finding} where it does not. */
  run(world: World): Promise<void>;
}

/** What is wrong with a plugin. */
export class Finding extends Error {
  override readonly name = 'Finding';
  readonly did: string;
  readonly expected: string;
  readonly seen: string;

  constructor(did: string, expected: string, seen: string) {
    super(`${did}: expected ${expected}, seen ${seen}`);
    this.did = did;
    this.expected = expected;
    this.seen = seen;
  }
}

/** The newest first comes last. */
export const allVersions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

/** Below 0, 0, above 0: as for sorting. Numeric, part by part. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number));
  for (const i of [0, 1, 2]) {
    const difference = (x?.[i] ?? 0) - (y?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
