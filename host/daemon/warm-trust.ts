import { type FileStamp, isCurrent, stampOf } from '../system/file-stamp.ts';
import { type Plugin, PluginError, type PluginStore } from '../trust/plugin.ts';
import type { PluginFiles } from '../trust/plugin-files.ts';
import type { TrustState } from '../trust/trust-state.ts';
import { TrustedPlugins } from '../trust/trusted-plugins.ts';

export interface WarmTrustOptions {
  readonly files: PluginFiles;
  /** What is sealed on disk, where it is current; else undefined. */
  readonly read: () => TrustState | undefined;
  /** Finds it again. Throws where the policy cannot be used. */
  readonly establish: () => Promise<TrustState>;
}

/**
 * What is trusted, kept between calls as long as no file changes that it rests on. A new policy that cannot be used leaves the one before
 * in force.
 */
export class WarmTrust implements PluginStore {
  /** Why the files as they are now are not in force; undefined where they are. */
  broken: string | undefined;
  readonly #options: WarmTrustOptions;
  readonly #found = new Map<string, Plugin | undefined>();
  #types: readonly string[] | undefined;
  #state: TrustState | undefined;
  #plugins: TrustedPlugins | undefined;
  /** The files of when it was found to be broken. */
  #rejected: readonly FileStamp[] | undefined;

  constructor(options: WarmTrustOptions) {
    this.#options = options;
  }

  /** Once for each call, before its plugin is looked for. Returns whether something changed. */
  refresh(): boolean | Promise<boolean> {
    if (this.#state?.sources.every(isCurrent)) {
      const mended = this.broken !== undefined;
      this.broken = undefined;
      return mended;
    }
    if (this.#rejected?.every(isCurrent)) return false;
    return this.#renew();
  }

  async #renew(): Promise<boolean> {
    try {
      const state = this.#options.read() ?? (await this.#options.establish());
      this.#state = state;
      this.broken = undefined;
      this.#rejected = undefined;
      this.#plugins = new TrustedPlugins(this.#options.files, () => state);
    } catch (error) {
      this.broken = error instanceof Error ? error.message : String(error);
      this.#rejected = this.#state?.sources.map(({ path }) => stampOf(path));
    }
    this.#found.clear();
    this.#types = undefined;
    return true;
  }

  get types(): readonly string[] {
    if (this.broken !== undefined) return this.#options.files.types;
    this.#types ??= this.#options.files.types;
    return this.#types;
  }

  find(type: string): Plugin | undefined {
    if (this.#found.has(type)) return this.#found.get(type);
    if (this.#plugins === undefined) throw new PluginError(`no plugin may run: ${this.broken}`);
    const plugin = this.#plugins.find(type);
    this.#found.set(type, plugin);
    return plugin;
  }
}
