import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execute } from './process.ts';

const limit = 20_000;

/** Where programs are looked for that observe the kernel, and that plugins execute. */
export const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The prefix of a run's directory, with the process id after it. */
export const directoryPrefix = 'bulkhead-conformance-';

/** Network namespaces, each mounted on a file of one directory. */
export class Namespaces {
  readonly #directory: string;
  readonly #mounted = new Set<string>();
  #count = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes one with `lo`, down, that does not forward. Returns its path. */
  async make(): Promise<string> {
    this.#count += 1;
    const path = join(this.#directory, `net-${this.#count}`);
    writeFileSync(path, '');
    this.#mounted.add(path);
    // Settings of IPv4 are passed on to new namespaces (net.core.devconf_inherit_init_net).
    const script = 'echo 0 > /proc/sys/net/ipv4/ip_forward';
    const { status, stderr } = await execute('unshare', [`--net=${path}`, 'sh', '-c', script], {
      env: { PATH: searchPath },
      limit,
    });
    if (status !== 0) {
      this.#forget(path);
      throw new Error(`cannot make a network namespace: ${stderr.trim()}`);
    }
    return path;
  }

  async remove(path: string): Promise<void> {
    if (!this.#mounted.has(path)) return;
    // Lazily, since a process of the plugin's may still have it open.
    await execute('umount', ['--lazy', path], { env: { PATH: searchPath }, limit });
    this.#forget(path);
  }

  /** All that is left, when there is no time to wait. */
  removeAll(): void {
    for (const path of this.#mounted) {
      unmount(path);
      this.#forget(path);
    }
  }

  #forget(path: string): void {
    this.#mounted.delete(path);
    rmSync(path, { force: true });
  }
}

/** Removes what runs have left that were killed. */
export function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(directoryPrefix) ? /^(\d+)-/.exec(name.slice(directoryPrefix.length))?.[1] : undefined;
    if (pid === undefined || isRunning(Number(pid))) continue;
    const directory = join(tmpdir(), name);
    for (const file of readdirSync(directory)) if (file.startsWith('net-')) unmount(join(directory, file));
    rmSync(directory, { recursive: true, force: true });
  }
}

function unmount(path: string): void {
  spawnSync('umount', ['--lazy', path], { env: { PATH: searchPath }, stdio: 'ignore' });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
