import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Attachment } from './attachment.ts';
import { Aborted, type Bench } from './bench.ts';
import {
  type Call,
  type Configuration,
  describeCall,
  type Ended,
  environmentOf,
  inputOf,
  parseDocument,
} from './call.ts';
import { KernelView } from './kernel-view.ts';
import { execute } from './process.ts';

/** What one check has to itself: a host, containers, a network and a directory of leases. Nothing of it is the machine's own. */
export class World implements AsyncDisposable {
  /** A network name that no other check has, in this run or another. */
  readonly network: string;
  /** dataDir of host-local. */
  readonly leases: string;
  readonly directory: string;
  readonly #bench: Bench;
  readonly #version: string;
  readonly #namespaces: string[] = [];
  readonly #attachments: Attachment[] = [];
  #host: Promise<string> | undefined;
  #count = 0;
  #ending = false;

  constructor(bench: Bench, key: string, version: string) {
    this.#bench = bench;
    this.#version = version;
    this.network = `conformance-${key}`;
    this.directory = join(bench.directory, key);
    this.leases = join(this.directory, 'networks');
    mkdirSync(this.directory);
  }

  /** Where the plugins are. */
  get binaries(): string {
    return this.#bench.binaries;
  }

  /** The newest version that all plugins of the check support. */
  get version(): string {
    return this.#version;
  }

  /** The network namespace that stands for the machine's: the plugins run there. */
  async host(): Promise<KernelView> {
    return new KernelView(await this.hostPath());
  }

  hostPath(): Promise<string> {
    this.#host ??= this.sandbox();
    return this.#host;
  }

  /** A container's network namespace: its path. */
  async sandbox(): Promise<string> {
    const path = await this.#bench.namespaces.make();
    this.#namespaces.push(path);
    return path;
  }

  view(path: string): KernelView {
    return new KernelView(path);
  }

  /** Takes a container's namespace away, as when the container is gone. */
  removeSandbox(path: string): Promise<void> {
    return this.#bench.namespaces.remove(path);
  }

  /** A container id that no other container has. */
  containerId(): string {
    this.#count += 1;
    return `${this.network}-${this.#count}`;
  }

  /** The configuration with what a runtime inserts. */
  configure(configuration: Configuration, version = this.#version): Configuration {
    return { cniVersion: version, name: this.network, ...configuration };
  }

  /** An attachment of a container of its own, yet to be added. It is deleted when the check has ended. */
  async attachment(configuration: Configuration, more: Partial<Call> & { readonly type: string }): Promise<Attachment> {
    const call = { id: this.containerId(), netns: await this.sandbox(), ifname: 'eth0', ...more };
    const attachment = new Attachment(this, call, this.configure(configuration));
    this.#attachments.push(attachment);
    return attachment;
  }

  /** Executes a plugin, on the host where there are namespaces. */
  async call(call: Call): Promise<Ended> {
    const environment = environmentOf(call, this.binaries);
    const plugin = join(this.binaries, call.type);
    const [file, ...args] =
      this.#bench.missingNamespaces === undefined ? ['nsenter', `--net=${await this.hostPath()}`, plugin] : [plugin];
    if (this.#bench.aborted && !this.#ending) throw new Aborted('interrupted');
    const ended = await execute(file, args, {
      env: { PATH: this.#bench.searchPath, ...environment },
      input: inputOf(call),
      limit: this.#bench.limit,
      ...(call.stdinOpen === undefined ? {} : { stdinOpen: call.stdinOpen }),
      ...(call.killAfter === undefined ? {} : { killAfter: call.killAfter }),
    });
    return { ...ended, did: describeCall(call, environment), json: parseDocument(ended.stdout) };
  }

  /** Addresses that somebody has a lease of, sorted. */
  leased(network = this.network): readonly string[] {
    const directory = join(this.leases, network);
    if (!existsSync(directory)) return [];
    return readdirSync(directory)
      .filter((name) => /^[0-9a-f]*[.:][0-9a-f.:]+$/.test(name))
      .sort();
  }

  /** What is in the file of a lease. */
  lease(address: string, network = this.network): string {
    return readFileSync(join(this.leases, network, address), 'utf8');
  }

  /** Takes a lease away, behind the plugin's back. */
  takeLease(address: string): void {
    rmSync(join(this.leases, this.network, address));
  }

  /** Deletes what was added, as a runtime has to, and takes all away. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    for (const attachment of this.#attachments) await attachment.release();
    for (const path of this.#namespaces) await this.#bench.namespaces.remove(path);
  }
}
