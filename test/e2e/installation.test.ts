import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bulkhead, Machine, missing, project } from './installation.ts';

let directory: string;
let binaries: string;
let root: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-installation-'));
  [binaries, root] = [join(directory, 'opt/cni/bin'), join(directory, 'root')];
  expect(bulkhead('install', '--bin-dir', binaries, '--root', root)).toMatchObject({ status: 0, stderr: '' });
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const version = (file: string, more: object = {}) =>
  spawnSync(file, [], { env: { CNI_COMMAND: 'VERSION' }, encoding: 'utf8', ...more });

const run = (script: string, env: Record<string, string> = { CNI_COMMAND: 'VERSION' }) =>
  spawnSync('/bin/sh', ['-c', script], { env, encoding: 'utf8' });

function expectVersion(result: { status: number | null; stdout: string; stderr: string }): void {
  expect(result).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(result.stdout).supportedVersions).toContain('1.1.0');
}

interface Trap {
  /** Made by whoever walks into the trap. */
  readonly marker: string;
  readonly elsewhere: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** An environment, and a working directory, that would make Node or the dynamic linker run or load what is there. */
function setTrap(place: string): Trap {
  const marker = join(place, 'owned');
  const evil = join(place, 'evil.cjs');
  const elsewhere = join(place, 'elsewhere');
  const script = `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '');`;
  mkdirSync(join(place, 'node_modules/koffi'), { recursive: true });
  for (const file of [evil, join(place, 'node_modules/koffi/index.js')]) writeFileSync(file, script);
  for (const name of ['evil.so', 'libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'libstdc++.so.6']) {
    writeFileSync(join(place, name), 'not a library');
  }
  const environment = {
    NODE_OPTIONS: `--require ${evil}`,
    NODE_PATH: join(place, 'node_modules'),
    NODE_V8_COVERAGE: join(place, 'coverage'),
    NODE_COMPILE_CACHE: join(place, 'cache'),
    NODE_REPL_EXTERNAL_MODULE: evil,
    NODE_EXTRA_CA_CERTS: '/nonexistent',
    LD_PRELOAD: join(place, 'evil.so'),
    LD_LIBRARY_PATH: place,
    LD_AUDIT: join(place, 'evil.so'),
    BULKHEAD_ROOT: elsewhere,
    BULKHEAD_HOME: elsewhere,
    BULKHEAD_DIR: elsewhere,
    ROOT: elsewhere,
    HOME: place,
    XDG_RUNTIME_DIR: elsewhere,
    TMPDIR: '/nonexistent',
    PATH: place,
  };
  return { marker, elsewhere, environment };
}

/** Files that a group, or everybody, may write. */
function writableByOthers(...paths: string[]): string {
  return spawnSync('find', [...paths, '-perm', '/022', '-not', '-type', 'l'], { encoding: 'utf8' }).stdout;
}

function expectUntouched({ marker, elsewhere }: Trap, place: string): void {
  expect([marker, elsewhere, join(place, 'coverage'), join(place, 'cache')].filter((path) => existsSync(path))).toEqual(
    [],
  );
}

describe('an executable that was installed', () => {
  test('works with nothing in its environment but the call', () => {
    for (const type of ['bridge', 'loopback', 'host-local', 'static']) expectVersion(version(join(binaries, type)));
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
    expect(run(`exec ${join(binaries, 'bridge')} >&-`)).toMatchObject({ status: 0, stderr: '' });
    const call = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1', CNI_NETNS: '/x', CNI_IFNAME: 'eth0', CNI_PATH: '/x' };
    const { status, stdout, stderr } = run(`exec ${join(binaries, 'bridge')} <&-`, call);
    expect([status, stderr, JSON.parse(stdout)]).toEqual([
      1,
      '',
      { code: 6, msg: 'error unmarshall network config: unexpected end of JSON input' },
    ]);
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

  test('is not steered by the environment, nor by where it is called', () => {
    const place = join(directory, 'trap');
    mkdirSync(place);
    const trap = setTrap(place);
    const options = { cwd: place, env: { CNI_COMMAND: 'VERSION', ...trap.environment }, encoding: 'utf8' } as const;
    // That the traps are some: Node alone walks into them.
    const { NODE_OPTIONS = '', LD_PRELOAD = '', LD_LIBRARY_PATH = '' } = trap.environment;
    spawnSync(process.execPath, ['-e', '0'], { env: { NODE_OPTIONS } });
    expect(existsSync(trap.marker)).toBe(true);
    rmSync(trap.marker);
    expect(spawnSync(process.execPath, ['-e', '0'], { env: { LD_PRELOAD }, encoding: 'utf8' }).stderr).toMatch(
      /evil\.so/,
    );
    expect(spawnSync(process.execPath, ['-e', '0'], { env: { LD_LIBRARY_PATH } }).status).not.toBe(0);

    expectVersion(spawnSync(join(binaries, 'bridge'), [], options));
    expectUntouched(trap, place);
  });

  test.skipIf(missing)(
    'attaches and detaches a container so, through a link, from a directory and beside a clone that are gone, whatever the umask',
    () => {
      using machine = new Machine();
      const place = join(machine.directory, 'trap');
      mkdirSync(place);
      const trap = setTrap(place);
      const { path } = machine.container();
      const link = join(machine.directory, 'link');
      symlinkSync(join(machine.binaries, 'bridge'), link);
      const exported = Object.entries(trap.environment).map(([name, value]) => `export ${name}='${value}'`);
      const execute = (verb: string) => {
        const gone = join(machine.directory, `gone-${verb}`);
        const script = [
          `mount -t tmpfs none '${project}'`,
          `test -z "$(ls '${project}')"`,
          `mkdir ${gone}`,
          `cd ${gone}`,
          `rmdir ${gone}`,
          'umask 000',
          ...exported,
          `exec ${link}`,
        ].join(' && ');
        const env = {
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          CNI_COMMAND: verb,
          CNI_CONTAINERID: 'c1',
          CNI_NETNS: path,
          CNI_IFNAME: 'eth0',
          CNI_PATH: machine.binaries,
        };
        const ipam = { type: 'host-local', dataDir: machine.leases, subnet: '10.1.0.0/24' };
        const input = JSON.stringify({ cniVersion: '1.1.0', name: 'net', type: 'bridge', ipam });
        const args = [`--net=${machine.host.path}`, 'unshare', '-m', '/bin/sh', '-c', script];
        return spawnSync('/usr/bin/nsenter', args, { env, input, encoding: 'utf8' });
      };
      const added = execute('ADD');
      expect(added).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(added.stdout).ips).toMatchObject([{ address: expect.stringMatching(/^10\.1\.0\.\d+\/24$/) }]);
      expect([machine.leased('net').length, machine.records().length]).toEqual([1, 2]);
      expect(writableByOthers(machine.root, machine.leases)).toBe('');
      expect(execute('DEL')).toMatchObject({ status: 0, stdout: '', stderr: '' });
      expect([machine.leased('net'), machine.records()]).toEqual([[], []]);
      expect(machine.snapshot(path).links.map(({ name }) => name)).toEqual(['lo']);
      expectUntouched(trap, place);
    },
  );

  test('refers to nothing of the clone', () => {
    const { status, stdout } = spawnSync('grep', ['-rlF', project, root, binaries], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([1, '']);
    const links = spawnSync('find', [root, binaries, '-type', 'l'], { encoding: 'utf8' });
    expect(links).toMatchObject({ status: 0, stdout: '' });
  });

  test('finds what was compiled at the install, and changes nothing of it', () => {
    const [release = ''] = readdirSync(join(root, 'usr/lib/bulkhead')).filter((name) => /^\d/.test(name));
    const directory = join(root, 'usr/lib/bulkhead', release);
    const files = () =>
      readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => {
        const { mtimeMs, size } = statSync(join(directory, name));
        return `${name} ${mtimeMs} ${size}`;
      });
    const before = files();
    expect(before.filter((line) => /^(boot\.blob|host\.code|compile-cache\/.*) /.test(line)).length).toBeGreaterThan(2);
    expectVersion(version(join(binaries, 'bridge')));
    expect(files()).toEqual(before);
  });

  test('is nobody else’s to change', () => {
    expect(writableByOthers(root, binaries)).toBe('');
    const { stdout } = spawnSync('find', [root, binaries, '-not', '-uid', String(process.getuid?.())], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
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
    [[], 1, '', /Usage: bulkhead/],
    [['run', 'bridge', '--help'], 0, /Usage: bulkhead run \[options\] <type>/, ''],
    [['run'], 1, '', /missing required argument 'type'/],
    [['install', 'here'], 1, '', /too many arguments/],
    [['plugins', '--fly'], 1, '', /unknown option '--fly'/],
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
    expect(listed.map(({ type }: { type: string }) => type)).toEqual(['loopback', 'bridge', 'host-local', 'static']);
    const [release = ''] = readdirSync(join(root, 'usr/lib/bulkhead')).filter((name) => /^\d/.test(name));
    for (const { type, digest, size, imports } of listed) {
      const bytes = readFileSync(join(root, 'usr/lib/bulkhead', release, 'plugins', `${type}.wasm`));
      expect([digest, size]).toEqual([createHash('sha256').update(bytes).digest('hex'), bytes.length]);
      expect(imports).toEqual(expect.arrayContaining([expect.stringMatching(/^bulkhead:[a-z]+\/[a-z-]+@0\.1\.0$/)]));
    }
    expect(listed[0].imports).toContain('bulkhead:net/link-control@0.1.0');
    expect(listed[2].imports).toContain('bulkhead:ipam/leases@0.1.0');
  });

  test('runs a call as the executable does', () => {
    const env = { CNI_COMMAND: 'VERSION', PATH: process.env.PATH };
    expectVersion(
      spawnSync(join(project, 'bin/bulkhead'), ['run', 'bridge', '--root', root], { env, encoding: 'utf8' }),
    );
  });

  test.skipIf(missing)('runs a call and shows on stderr what it changes', () => {
    using machine = new Machine();
    const call = { id: 'c1', netns: machine.container().path, ifname: 'eth0' };
    const ipam = { type: 'host-local', dataDir: machine.leases, subnet: '10.1.0.0/24' };
    const configuration = { cniVersion: '1.1.0', name: 'net', type: 'bridge', ipam };
    const debug = join(machine.binaries, 'debug');
    const wrapper = `#!/bin/sh\nexec ${join(project, 'bin/bulkhead')} run bridge --root ${machine.root}\n`;
    writeFileSync(debug, wrapper, { mode: 0o755 });
    const more = { PATH: '/usr/bin:/bin' };
    const added = machine.call('debug', { ...call, verb: 'ADD', more }, configuration);
    expect(added).toMatchObject({ status: 0, json: { cniVersion: '1.1.0' } });
    expect(added.stderr).toMatch(/^bulkhead: debug: .*eth0/m);
    // What one of them attached, the other detaches.
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, configuration)).toMatchObject({ status: 0, stderr: '' });
    expect([machine.leased('net'), machine.records()]).toEqual([[], []]);
  });
});
