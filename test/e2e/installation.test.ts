import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing } from './installation.ts';

const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const command = join(project, 'bin/bulkhead');
let directory: string;
let binaries: string;
let root: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-installation-'));
  [binaries, root] = [join(directory, 'opt/cni/bin'), join(directory, 'root')];
  mkdirSync(binaries, { recursive: true });
  writeFileSync(join(binaries, 'bridge'), '#!/bin/sh\necho old\n');
  chmodSync(join(binaries, 'bridge'), 0o700);
  symlinkSync('nowhere/multi-call', join(binaries, 'loopback'));
  writeFileSync(join(binaries, 'dhcp'), 'not ours');
  expect(bulkhead('install', '--bin-dir', binaries, '--root', root).status).toBe(0);
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function bulkhead(...args: string[]) {
  return spawnSync(command, args, { encoding: 'utf8', cwd: directory });
}

const version = (file: string, more: object = {}) =>
  spawnSync(file, [], { env: { CNI_COMMAND: 'VERSION' }, encoding: 'utf8', ...more });

const run = (script: string) =>
  spawnSync('/bin/sh', ['-c', script], { env: { CNI_COMMAND: 'VERSION' }, encoding: 'utf8' });

function expectVersion(result: { status: number | null; stdout: string; stderr: string }): void {
  expect(result).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(result.stdout).supportedVersions).toContain('1.1.0');
}

/** Every file below a directory, with what it is and contains. */
function contents(path: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(path).map((name) => {
      const file = join(path, name);
      const { mode } = lstatSync(file);
      const what = lstatSync(file).isSymbolicLink() ? readlinkSync(file) : readFileSync(file, 'latin1');
      return [name, `${(mode & 0o7777).toString(8)} ${what}`];
    }),
  );
}

describe('an executable that was installed', () => {
  test('works with nothing in its environment but the call', () => {
    for (const type of ['bridge', 'loopback', 'host-local']) expectVersion(version(join(binaries, type)));
  });

  test('works through a symbolic link, and from a directory that is gone', () => {
    const link = join(directory, 'link-to-bridge');
    symlinkSync(join(binaries, 'bridge'), link);
    const gone = join(directory, 'gone');
    mkdirSync(gone);
    const script = `cd ${gone} && rmdir ${gone} && exec ${link}`;
    expectVersion(run(script));
  });

  test('works with stdin closed, and with stdout closed', () => {
    expectVersion(run(`exec ${join(binaries, 'bridge')} <&-`));
    expect(run(`exec ${join(binaries, 'bridge')} >&-`).stderr).toBe('');
  });

  test('works ten times at once', async () => {
    const ended = await Promise.all(
      Array.from({ length: 10 }, () => {
        const child = spawn(join(binaries, 'bridge'), [], { env: { CNI_COMMAND: 'VERSION' } });
        let stdout = '';
        child.stdout.on('data', (chunk) => {
          stdout += chunk;
        });
        return new Promise<string>((resolve) => child.on('close', (status) => resolve(`${status} ${stdout}`)));
      }),
    );
    expect(new Set(ended).size).toBe(1);
    expect(ended[0]).toMatch(/^0 .*"cniVersion"/s);
  });

  test('is not steered by the environment', () => {
    const marker = join(directory, 'owned');
    const evil = join(directory, 'evil.cjs');
    writeFileSync(evil, `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '');`);
    const env = {
      CNI_COMMAND: 'VERSION',
      NODE_OPTIONS: `--require ${evil}`,
      NODE_PATH: directory,
      NODE_V8_COVERAGE: join(directory, 'coverage'),
      NODE_REPL_EXTERNAL_MODULE: evil,
      LD_PRELOAD: join(directory, 'evil.so'),
      LD_LIBRARY_PATH: directory,
      LD_AUDIT: join(directory, 'evil.so'),
      BULKHEAD_ROOT: '/nonexistent',
      BULKHEAD_HOME: '/nonexistent',
      HOME: directory,
      TMPDIR: '/nonexistent',
      PATH: directory,
    };
    expectVersion(spawnSync(join(binaries, 'bridge'), [], { env, encoding: 'utf8' }));
    // That the trap is one: Node alone walks into it.
    spawnSync(process.execPath, ['-e', '0'], { env: { NODE_OPTIONS: env.NODE_OPTIONS } });
    expect(existsSync(marker)).toBe(true);
    rmSync(marker);
    expectVersion(spawnSync(join(binaries, 'bridge'), [], { env, encoding: 'utf8' }));
    expect(existsSync(marker)).toBe(false);
    expect(existsSync(join(directory, 'coverage'))).toBe(false);
  });

  test.skipIf(missing)('works after the clone is gone', () => {
    const script = `mount -t tmpfs none ${project} && test -z "$(ls ${project})" && exec ${join(binaries, 'bridge')}`;
    expectVersion(
      spawnSync('/usr/bin/unshare', ['-m', '/bin/sh', '-c', script], {
        env: { CNI_COMMAND: 'VERSION', PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
        encoding: 'utf8',
      }),
    );
  });

  test('is nobody else’s to change', () => {
    const writable = execFileSync('find', [root, binaries, '-perm', '/022', '-not', '-type', 'l'], {
      encoding: 'utf8',
    });
    expect(writable).toBe('');
    expect(statSync(join(binaries, 'bridge')).uid).toBe(process.getuid?.());
  });

  test('called by hand says who it is', () => {
    const { status, stderr, stdout } = spawnSync(join(binaries, 'bridge'), [], { env: {}, encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^CNI bridge plugin \(Bulkhead\)\nCNI protocol versions supported: 0\.1\.0, /);
  });
});

describe('the command', () => {
  test.each([
    [['--help'], 0, /Usage: bulkhead/, ''],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/, ''],
    [['install', '--help'], 0, /--bin-dir <dir>/, ''],
    [['fly'], 1, '', /unknown command 'fly'/],
    [['install', '--fly'], 1, '', /unknown option '--fly'/],
    [['install', '--root'], 1, '', /argument missing/],
    [['build'], 1, '', /missing required argument 'dir'/],
    [['build', '/nonexistent'], 1, '', /nonexistent/],
    [['install', '--bin-dir', '/dev/null/x', '--root', '/dev/null/y'], 1, '', /\/dev\/null/],
    [['plugins', '--root', '/nonexistent'], 1, '', /nothing is installed below \/nonexistent/],
    [['uninstall', '--root', '/nonexistent'], 1, '', /nothing is installed below \/nonexistent/],
    [['run', 'absent', '--root', '/nonexistent'], 1, '', /nothing is installed below \/nonexistent/],
    [['create', '../a b'], 1, '', /a b/],
  ] as readonly [string[], number, string | RegExp, string | RegExp][])(
    'bulkhead %j',
    (args, status, stdout, stderr) => {
      const ended = bulkhead(...args);
      expect(ended.stdout).toMatch(stdout);
      expect(ended.stderr).toMatch(stderr);
      expect(ended.stderr).not.toMatch(/\n\s+at /);
      expect(ended.status).toBe(status);
    },
  );

  test('lists the plugins, for people and for programs', () => {
    expect(bulkhead('plugins', '--root', root).stdout).toMatch(/imports bulkhead:net\/host@0\.1\.0/);
    const listed = JSON.parse(bulkhead('plugins', '--json', '--root', root).stdout);
    expect(listed.map(({ type }: { type: string }) => type)).toEqual(['loopback', 'bridge', 'host-local']);
    expect(listed[0].digest).toMatch(/^[0-9a-f]{64}$/);
    expect(listed[0].imports).toContain('bulkhead:net/link-control@0.1.0');
  });
});

describe('installing', () => {
  test('keeps what was there before, also when done again, and uninstalling puts it back', () => {
    const again = bulkhead('install', '--bin-dir', binaries, '--root', root);
    expect(again).toMatchObject({ status: 0, stderr: '' });
    expectVersion(version(join(binaries, 'bridge')));
    const { status, stdout } = bulkhead('uninstall', '--root', root);
    expect(status).toBe(0);
    expect(stdout).toMatch(/bridge +put back as it was/);
    expect(stdout).toMatch(/host-local +removed/);
    expect(contents(binaries)).toEqual({
      bridge: '700 #!/bin/sh\necho old\n',
      dhcp: expect.stringMatching(/not ours$/),
      loopback: '777 nowhere/multi-call',
    });
    expect(readdirSync(join(root, 'usr/lib'))).toEqual([]);
    expect(bulkhead('install', '--bin-dir', binaries, '--root', root).status).toBe(0);
  }, 60_000);

  test('that was cut short does not take our own for what was there before', () => {
    rmSync(join(root, 'usr/lib/bulkhead/installed.json'));
    expect(bulkhead('install', '--bin-dir', binaries, '--root', root).status).toBe(0);
    bulkhead('uninstall', '--root', root);
    expect(contents(binaries).bridge).toBe('700 #!/bin/sh\necho old\n');
    expect(bulkhead('install', '--bin-dir', binaries, '--root', root).status).toBe(0);
  }, 60_000);

  test('into a second directory has to wait until the first is taken away', () => {
    const { status, stderr } = bulkhead('install', '--bin-dir', join(directory, 'other'), '--root', root);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/already installed into .*: uninstall that first/)]);
  }, 60_000);
});
