import { accessSync, constants, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allVersions, type Check, compareVersions } from '../check.ts';
import { directoryPrefix, Namespaces, searchPath, sweep } from './namespaces.ts';
import { execute, killAll } from './process.ts';
import { World } from './world.ts';

/** The run was interrupted. */
export class Aborted extends Error {
  override readonly name = 'Aborted';
}

export interface BenchOptions {
  /** The directory of the plugins. */
  readonly binaries: string;
  /** Milliseconds that a plugin has for one call. */
  readonly limit: number;
  /** CNI types that are checked beside those that the suite knows. */
  readonly types: readonly string[];
  /** Ends what runs; the checks still clean up behind themselves. */
  readonly signal?: AbortSignal;
}

/** Where plugins are executed: makes a world for each check, and sees to it that nothing is left on the machine. */
export class Bench implements Disposable {
  readonly binaries: string;
  readonly limit: number;
  readonly searchPath = searchPath;
  readonly directory = mkdtempSync(join(tmpdir(), `${directoryPrefix}${process.pid}-`));
  readonly namespaces = new Namespaces(this.directory);
  /** Why there are no network namespaces to be had. */
  missingNamespaces: string | undefined;
  /** By CNI type, the versions that VERSION tells; undefined where it tells none. */
  readonly versions = new Map<string, readonly string[] | undefined>();
  readonly #asked = new Map<string, Promise<boolean>>();
  readonly #signal: AbortSignal | undefined;
  readonly #removeAll = () => this[Symbol.dispose]();
  #count = 0;

  private constructor({ binaries, limit, signal }: BenchOptions) {
    this.binaries = binaries;
    this.limit = limit;
    this.#signal = signal;
    signal?.addEventListener('abort', killAll, { once: true });
    process.on('exit', this.#removeAll);
  }

  static async open(options: BenchOptions): Promise<Bench> {
    sweep();
    const bench = new Bench(options);
    try {
      await bench.namespaces.remove(await bench.namespaces.make());
    } catch (error) {
      bench.missingNamespaces = error instanceof Error ? error.message : String(error);
    }
    for (const type of options.types) {
      if (bench.aborted) break;
      if (isExecutable(join(options.binaries, type))) bench.versions.set(type, await bench.#askVersions(type));
    }
    return bench;
  }

  /** Why a check makes no sense here; undefined where it does. */
  async missing({ needs }: Check): Promise<string | undefined> {
    for (const type of needs.plugins) {
      if (!this.versions.has(type)) return `there is no ${type}`;
      const versions = this.versions.get(type);
      const { version } = needs;
      if (version !== undefined && versions?.includes(version) === false) return `${type} does not support ${version}`;
    }
    if (needs.namespaces !== false && this.missingNamespaces !== undefined) return this.missingNamespaces;
    for (const tool of needs.tools ?? []) {
      if (!(await this.#succeeds(`command -v ${tool}`))) return `there is no ${tool}`;
    }
    const { kernel } = needs;
    const able = kernel === undefined || (await this.#succeeds(kernel.command));
    return able ? undefined : `the kernel has no ${kernel.ability}`;
  }

  /** A world for a check, with the newest version that its plugins support. */
  world({ needs }: Check): World {
    this.#count += 1;
    const supported = needs.plugins.map((type) => this.versions.get(type) ?? allVersions);
    const common = allVersions.filter((version) => supported.every((versions) => versions.includes(version)));
    const version = needs.version ?? common.toSorted(compareVersions).at(-1) ?? '1.0.0';
    return new World(this, `${process.pid.toString(36)}-${Date.now().toString(36)}-${this.#count}`, version);
  }

  /** The run was interrupted. */
  get aborted(): boolean {
    return this.#signal?.aborted ?? false;
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#removeAll);
    killAll();
    this.namespaces.removeAll();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #askVersions(type: string): Promise<readonly string[] | undefined> {
    const { stdout } = await execute(join(this.binaries, type), [], {
      env: { CNI_COMMAND: 'VERSION', PATH: searchPath },
      input: '{"cniVersion":"1.0.0"}',
      limit: this.limit,
    }).catch(() => ({ stdout: '' }));
    try {
      const { supportedVersions } = JSON.parse(stdout) as { supportedVersions?: unknown };
      return Array.isArray(supportedVersions) ? supportedVersions.map(String) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether a shell command succeeds, in a network namespace that nobody else has. Asked once. */
  #succeeds(command: string): Promise<boolean> {
    let asked = this.#asked.get(command);
    if (asked === undefined) {
      const alone = this.missingNamespaces === undefined ? ['unshare', '--net'] : [];
      const [file = 'sh', ...args] = [...alone, 'sh', '-c', command];
      asked = execute(file, args, { env: { PATH: searchPath }, limit: this.limit }).then(({ status }) => status === 0);
      this.#asked.set(command, asked);
    }
    return asked;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
