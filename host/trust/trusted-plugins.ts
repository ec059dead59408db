import { customSection } from '../component/decode.ts';
import { RuleGrants } from '../policy/decide.ts';
import { type Manifest, manifestSection } from './manifest.ts';
import { type Plugin, PluginError, type PluginStore, type Rights } from './plugin.ts';
import type { Candidate, PluginFiles } from './plugin-files.ts';
import type { TrustState } from './trust-state.ts';

/** The plugins of a node, of which those run that its policy lets. The one way from a file to a component that runs. */
export class TrustedPlugins implements PluginStore {
  readonly #files: PluginFiles;
  readonly #trust: () => TrustState;

  /** `trust` throws PluginError where nothing can be trusted. */
  constructor(files: PluginFiles, trust: () => TrustState) {
    this.#files = files;
    this.#trust = trust;
  }

  get types(): readonly string[] {
    return this.#files.types;
  }

  /** The bytes that were hashed are the bytes that run: they are read once. */
  find(type: string): Plugin | undefined {
    const candidate = this.#files.read(type);
    if (candidate === undefined) return undefined;
    const rights = this.#rights(candidate);
    const { bytes, digest } = candidate;
    return { type, bytes, digest, rights, manifest: readManifest(candidate) };
  }

  #rights({ type, path, digest }: Candidate): Rights {
    const { policy, verdicts } = this.#trust();
    const verdict = verdicts.find((one) => one.type === type);
    if (verdict?.digest !== digest) {
      const why = verdict?.problems.join('; ') || 'it was changed after it had been verified';
      throw new PluginError(`plugin ${type} may not run: ${path} (sha256:${digest}): ${why}`);
    }
    if (verdict.problems.length > 0)
      throw new PluginError(`plugin ${type} may not run: ${verdict.problems.join('; ')}`);
    const plugin = policy.plugins[type];
    if (plugin === undefined) throw new PluginError(`plugin ${type} may not run: the policy says nothing of it`);
    return {
      grants: new RuleGrants(plugin.rules),
      mode: policy.mode,
      limits: plugin.limits,
      fullPool: plugin.fullPool,
      signers: verdict.signers,
    };
  }
}

/** The manifest inside a component. Throws PluginError where there is none, or it cannot be read. */
export function readManifest({ bytes, path }: Pick<Candidate, 'bytes' | 'path'>): Manifest {
  try {
    const section = customSection(bytes, manifestSection);
    if (section !== undefined) return JSON.parse(new TextDecoder().decode(section)) as Manifest;
  } catch (cause) {
    throw new PluginError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  throw new PluginError(`${path} has no manifest`);
}
