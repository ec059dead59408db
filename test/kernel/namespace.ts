import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A network namespace of the real kernel that lives until it is disposed of, or the process ends. */
export interface TestNamespace extends Disposable {
  /** Of a file that the namespace is mounted on, as a runtime gives it in CNI_NETNS. */
  readonly path: string;
  /** Unmounts and removes the file. The namespace goes when nothing has it open any more. A second time does nothing. */
  remove(): void;
}

const prefix = `bulkhead-netns-${process.pid}-`;
const alive = new Set<TestNamespace>();
let prepared = false;

/**
 * Makes a network namespace in which everything is as the kernel makes it: `lo`, down. It does not forward, also on a machine that
 * does: settings of IPv4 are passed on to new namespaces (net.core.devconf_inherit_init_net). Needs root and unshare(1) of util-linux.
 *
 *     using sandbox = makeNamespace();
 *     execFileSync('nsenter', [`--net=${sandbox.path}`, 'ip', 'link']);
 */
export function makeNamespace(): TestNamespace {
  prepare();
  const directory = mkdtempSync(join(tmpdir(), prefix));
  const path = join(directory, 'net');
  writeFileSync(path, '');
  try {
    execFileSync('unshare', [`--net=${path}`, 'sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    removeDirectory(directory);
    throw error;
  }
  const remove = () => {
    if (!alive.delete(namespace)) return;
    removeDirectory(directory);
  };
  const namespace: TestNamespace = { path, remove, [Symbol.dispose]: remove };
  alive.add(namespace);
  return namespace;
}

/** Why tests of the real kernel cannot run here; undefined where they can. For `describe.skipIf`. */
export function missingPrivileges(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux';
  try {
    makeNamespace().remove();
    return undefined;
  } catch (error) {
    return `cannot make network namespaces: ${error instanceof Error ? error.message : error}`;
  }
}

/** Removes what a killed test process has left, and sees to it that this one leaves nothing. */
function prepare(): void {
  if (prepared) return;
  prepared = true;
  process.on('exit', () => {
    for (const namespace of alive) namespace.remove();
  });
  for (const name of readdirSync(tmpdir())) {
    const pid = /^bulkhead-netns-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) removeDirectory(join(tmpdir(), name));
  }
}

function removeDirectory(directory: string): void {
  const path = join(directory, 'net');
  try {
    // Lazily, since a descriptor in some child process must not keep the file. No word about one that was never mounted.
    execFileSync('umount', ['--lazy', path], { stdio: 'ignore' });
  } catch {}
  unlinkSync(path);
  rmdirSync(directory);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
