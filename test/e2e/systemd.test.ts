import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { project } from './installation.ts';
import { missingShim } from './served-machine.ts';

const here = join(dirname(fileURLToPath(import.meta.url)), 'systemd');
const hierarchy = '/sys/fs/cgroup/systemd';

const missing =
  missingShim ??
  ['/lib/systemd/systemd', join(hierarchy, 'cgroup.procs')].find((file) => !existsSync(file)) ??
  (/\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8')) ? undefined : 'the kernel has no overlayfs');

/** Removes a control group and those in it, which have no processes any more. */
function removeGroup(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(path, entry.name));
  rmdirSync(path);
}

/** Runs the scenario under a systemd of its own. What it saw, and what was said besides. */
function boot(directory: string): { seen: string; besides: string } {
  const group = join(hierarchy, `bulkhead-test-${process.pid}`);
  mkdirSync(group);
  try {
    const namespaces = ['--mount', '--pid', '--net', '--uts', '--ipc', '--cgroup', '--fork', '--kill-child'];
    const start = 'echo $$ >"$0/cgroup.procs" && exec timeout -s KILL 100 unshare "$@"';
    const command = [...namespaces, 'bash', join(here, 'boot.sh'), directory, project];
    const { stderr } = spawnSync('bash', ['-c', start, group, ...command], { encoding: 'utf8' });
    const read = (name: string) =>
      existsSync(join(directory, name)) ? readFileSync(join(directory, name), 'utf8') : `no ${name}\n`;
    return { seen: read('log'), besides: `${stderr}${read('errors')}${read('daemon')}` };
  } finally {
    removeGroup(group);
  }
}

test.skipIf(missing)('the units of systemd serve, with all that they forbid', { timeout: 120_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-systemd-'));
  try {
    const { seen, besides } = boot(directory);
    expect(seen.slice(seen.indexOf('with the socket alone')), besides).toBe(
      [
        'with the socket alone: active inactive',
        'ADD a: 0',
        'after a call: active active',
        'seccomp, privileges: 1 2',
        // CAP_DAC_OVERRIDE, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_PTRACE, CAP_SYS_ADMIN
        'capabilities: 283002',
        'ADD b: 0',
        'answered: 2',
        'after a restart: active active',
        'DEL b: 0',
        'ADD b: 0',
        'answered: 2',
        'DEL a: 0',
        'after SIGKILL: active active',
        'DEL b: 0',
        'after a stop: inactive inactive',
        'links: 0',
        'rules: 0',
        'records: 0',
        '',
      ].join('\n'),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
