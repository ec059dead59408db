import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install } from '../../host/cli/install/install.ts';
import { layoutOf } from '../../host/cli/layout.ts';
import { oneShotCommand } from '../../host/cli/one-shot-command.ts';
import { projectDirectory, projectVersion } from '../../host/cli/project.ts';
import { openLinuxKernel } from '../../host/kernel/linux/linux-kernel.ts';
import { type NamespaceSnapshot, snapshot } from '../../host/kernel/snapshot.ts';
import { digestOf, indexFile } from '../../host/trust/plugin-files.ts';
import { makeNamespace, missingPrivileges, type TestNamespace } from '../kernel/namespace.ts';

export const project = projectDirectory;

/** The command, as one types it. */
export function bulkhead(...args: string[]) {
  return spawnSync(join(project, 'bin/bulkhead'), args, { encoding: 'utf8', cwd: tmpdir() });
}

/** Where Debian's containernetworking-plugins has the reference plugins. */
export const referenceBinaries = '/usr/lib/cni';

export const missing = missingPrivileges();
export const missingReference =
  missing ?? (existsSync(join(referenceBinaries, 'bridge')) ? undefined : 'the reference plugins are not installed');

/** What a runtime says in the environment. */
export interface CallEnvironment {
  readonly verb: string;
  readonly id?: string;
  readonly netns?: string;
  readonly ifname?: string;
  readonly args?: string;
  readonly path?: string;
  /** More variables, which a runtime's environment may have. */
  readonly more?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
  readonly json: any;
}

/** A machine for tests: a host's network namespace, containers, and Bulkhead installed. Nothing of it is the machine's own. */
export class Machine implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'bulkhead-e2e-'));
  readonly binaries = join(this.directory, 'opt/cni/bin');
  readonly root = join(this.directory, 'root');
  readonly leases = join(this.directory, 'networks');
  readonly host: TestNamespace = makeNamespace();
  readonly #containers: TestNamespace[] = [];

  constructor() {
    install({ binDirectory: this.binaries, root: this.root });
  }

  container(): TestNamespace {
    const made = makeNamespace();
    this.#containers.push(made);
    return made;
  }

  /** Executes a plugin on the host, as a runtime does: CNI_* in the environment and nothing else. */
  call(type: string, environment: CallEnvironment, configuration: unknown, binaries = this.binaries): Ended {
    const { file, args, env, input } = this.#command(type, environment, configuration, binaries);
    const { status, stdout, stderr } = spawnSync(file, args, { env, input, encoding: 'utf8', maxBuffer: 64 << 20 });
    return { status, stdout, stderr, json: parse(stdout) };
  }

  /** The same, beside others. Killed after so many milliseconds, where given. */
  start(
    type: string,
    environment: CallEnvironment,
    configuration: unknown,
    { killAfter, binaries = this.binaries }: { readonly killAfter?: number; readonly binaries?: string } = {},
  ): Promise<Ended> {
    const { file, args, env, input } = this.#command(type, environment, configuration, binaries);
    return new Promise((resolve, reject) => {
      const child = spawn(file, args, { env });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (chunk) => {
        stdout += chunk;
      });
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
      });
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
      child.on('error', reject);
      const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
      child.on('close', (status) => {
        clearTimeout(timer);
        resolve({ status, stdout, stderr, json: parse(stdout) });
      });
    });
  }

  /** The host by itself, as the executable calls it for a call that a daemon was told of by that number. */
  callHost(type: string, environment: CallEnvironment, configuration: unknown, number: string): Ended {
    const { file, args, env, input } = this.#command(type, environment, configuration, this.binaries);
    const host = oneShotCommand(layoutOf(this.root, projectVersion()), projectVersion(), type);
    const command = [...args.slice(0, -1), ...host, number];
    const { status, stdout, stderr } = spawnSync(file, command, { env, input, encoding: 'utf8' });
    return { status, stdout, stderr, json: parse(stdout) };
  }

  #command(
    type: string,
    { verb, id, netns, ifname, args, path, more }: CallEnvironment,
    configuration: unknown,
    binaries: string,
  ) {
    const env: Record<string, string> = { ...more, CNI_COMMAND: verb, CNI_PATH: path ?? binaries };
    // The reference executes iptables and nft.
    if (binaries !== this.binaries) env.PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
    if (id !== undefined) env.CNI_CONTAINERID = id;
    if (netns !== undefined) env.CNI_NETNS = netns;
    if (ifname !== undefined) env.CNI_IFNAME = ifname;
    if (args !== undefined) env.CNI_ARGS = args;
    const input =
      typeof configuration === 'string' || Buffer.isBuffer(configuration)
        ? configuration
        : JSON.stringify(configuration);
    return { file: '/usr/bin/nsenter', args: [`--net=${this.host.path}`, join(binaries, type)], env, input };
  }

  /** What a namespace has; the host's by default. */
  snapshot(path = this.host.path): NamespaceSnapshot {
    const kernel = openLinuxKernel({ hostNamespace: path });
    try {
      return snapshot(kernel.host);
    } finally {
      kernel.close();
    }
  }

  /** What a namespace has, but for link-local addresses, which the kernel makes usable in its own time. */
  settled(path = this.host.path): NamespaceSnapshot {
    const { links, routes } = this.snapshot(path);
    return {
      links: links.map((link) => ({
        ...link,
        addresses: link.addresses.filter(({ prefix }) => !prefix.startsWith('fe80:')),
      })),
      routes: routes.filter(({ destination }) => !/^(fe80|ff00):/.test(destination)),
    };
  }

  /** Runs a shell command in a namespace. */
  run(path: string, command: string): string {
    return spawnSync('/usr/bin/nsenter', [`--net=${path}`, 'sh', '-c', command], { encoding: 'utf8' }).stdout;
  }

  /** nftables of a namespace as nft shows them, without the numbers that the kernel gives; undefined where there is no nft. */
  ruleset(path = this.host.path): readonly unknown[] | undefined {
    if (spawnSync('nft', ['--version']).error !== undefined) return undefined;
    const { nftables } = JSON.parse(this.run(path, 'nft -j list ruleset')) as { nftables: readonly object[] };
    return nftables.filter((one) => !('metainfo' in one)).map(withoutHandles);
  }

  /** Files of leases that somebody holds. */
  leased(network: string): string[] {
    const directory = join(this.leases, network);
    return existsSync(directory)
      ? readdirSync(directory)
          .filter((name) => /^[0-9a-f]*[.:][0-9a-f.:]+$/.test(name))
          .sort()
      : [];
  }

  /** Where the release is: Node, the host, plugins. */
  get release(): string {
    return join(this.root, 'usr/lib/bulkhead', projectVersion());
  }

  /** Changes the installed component behind the host's back; without a change, takes it away. */
  replacePlugin(type: string, change: ((whole: Buffer) => Buffer) | undefined): void {
    const file = join(this.release, 'plugins', `${type}.wasm`);
    if (change === undefined) rmSync(file);
    else writeFileSync(file, change(readFileSync(file)));
  }

  /** Adds a line to what a type is granted. */
  grant(type: string, item: string): void {
    const path = join(this.root, 'etc/bulkhead/policy.yaml');
    const policy = readFileSync(path, 'utf8');
    const section = new RegExp(`(\\n  ${type}:\\n(?:    .*\\n)*?    grants:\\n)`);
    writeFileSync(path, policy.replace(section, `$1      ${item}\n`));
  }

  /** Makes the release vouch for the component as it is, so that its bytes are looked at. Returns the digest. */
  pinPlugin(type: string): string {
    const index = join(this.release, 'plugins', indexFile);
    const { plugins } = JSON.parse(readFileSync(index, 'utf8'));
    plugins[type].digest = digestOf(readFileSync(join(this.release, 'plugins', plugins[type].file)));
    writeFileSync(index, JSON.stringify({ plugins }));
    return plugins[type].digest;
  }

  records(): string[] {
    const directory = join(this.root, 'run/bulkhead/attachments');
    return existsSync(directory) ? readdirSync(directory) : [];
  }

  [Symbol.dispose](): void {
    for (const namespace of [this.host, ...this.#containers]) namespace.remove();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withoutHandles(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutHandles);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'handle');
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutHandles(item)]));
}
