import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bulkhead, Machine, missing, project } from './installation.ts';

let directory: string;
let binaries: string;
let root: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-uninstall-'));
  [binaries, root] = [join(directory, 'bin'), join(directory, 'root')];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const install = (...more: string[]) => bulkhead('install', '--bin-dir', binaries, '--root', root, ...more);
const uninstall = () => bulkhead('uninstall', '--root', root);

/** Binaries of somebody else, of all the kinds that there are. */
function placeOthers(): void {
  mkdirSync(binaries);
  writeFileSync(join(binaries, 'bridge'), Buffer.from([0, 0xff, 0x0a, 0x80]));
  chmodSync(join(binaries, 'bridge'), 0o710);
  symlinkSync('nowhere/multi-call', join(binaries, 'loopback'));
  writeFileSync(join(binaries, 'multi-call'), '#!/bin/sh\necho old\n', { mode: 0o755 });
  symlinkSync('multi-call', join(binaries, 'host-local'));
  writeFileSync(join(binaries, 'dhcp'), 'not ours');
}

/** Everything below the directories: path, mode, and what it leads to or a digest of what it contains. */
function contents(...paths: string[]): Record<string, string> {
  const found = paths.flatMap((path) => (existsSync(path) ? below(path) : []));
  return Object.fromEntries(found.map((path) => [path, describeFile(path)]));
}

function below(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name));
}

function describeFile(path: string): string {
  const stat = lstatSync(path);
  const mode = (stat.mode & 0o7777).toString(8);
  if (stat.isDirectory()) return `${mode} directory`;
  if (stat.isSymbolicLink()) return `${mode} to ${readlinkSync(path)}`;
  return `${mode} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
}

const files = (path: string) => below(path).filter((name) => !lstatSync(name).isDirectory());

describe('installing', () => {
  test('twice is the same as once', () => {
    const installed = () => {
      expect(install()).toMatchObject({ status: 0, stderr: '' });
      const all = Object.entries(contents(binaries, root));
      // What V8 compiled, and seals and stamps of it, are other bytes each time.
      const fleeting = /\/(compile-cache\/.*|boot\.blob|host\.code|glue\.cache|seal|trust)$/;
      return all.map(([path, what]) => [path, fleeting.test(path) ? what.slice(0, 3) : what]).sort();
    };
    const once = installed();
    expect(once.length).toBeGreaterThan(20);
    expect(installed()).toEqual(once);
  }, 60_000);

  test.each(['000', '027', '077'])(
    'with umask %s leaves nothing for others to write, and a release for all to read',
    (umask) => {
      mkdirSync(binaries);
      mkdirSync(join(root, 'usr/lib'), { recursive: true });
      const script = `umask ${umask} && exec '${join(project, 'bin/bulkhead')}' install --bin-dir ${binaries} --root ${root}`;
      expect(spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
      const find = (...tests: string[]) => spawnSync('find', [root, binaries, ...tests], { encoding: 'utf8' }).stdout;
      expect(find('-perm', '/022')).toBe('');
      const [version = ''] = readdirSync(join(root, 'usr/lib/bulkhead')).filter((name) => /^\d/.test(name));
      const release = join(root, 'usr/lib/bulkhead', version);
      const unreadable = spawnSync('find', [release, binaries, '-not', '-perm', '-444'], { encoding: 'utf8' });
      expect(unreadable).toMatchObject({ status: 0, stdout: '' });
      for (const type of ['bridge', 'loopback', 'host-local']) {
        expect(lstatSync(join(binaries, type)).mode & 0o7777).toBe(0o755);
      }
    },
  );

  test('writes through no link, and touches nothing that is not of its types', () => {
    placeOthers();
    const before = contents(binaries);
    expect(install().status).toBe(0);
    for (const name of ['multi-call', 'dhcp']) {
      expect(contents(binaries)[join(binaries, name)]).toBe(before[join(binaries, name)]);
    }
    expect(lstatSync(join(binaries, 'host-local')).isFile()).toBe(true);
  });

  test('says that a directory is in the way, and has changed nothing among the binaries then', () => {
    placeOthers();
    rmSync(join(binaries, 'host-local'));
    mkdirSync(join(binaries, 'host-local'));
    const before = contents(binaries);
    const { status, stdout, stderr } = install();
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^bulkhead: .*host-local is a directory: it is in the way\n$/);
    expect(contents(binaries)).toEqual(before);
    rmdirSync(join(binaries, 'host-local'));
    symlinkSync('multi-call', join(binaries, 'host-local'));
    expect(install().status).toBe(0);
    expect(uninstall().status).toBe(0);
    expect(contents(binaries)).toEqual({ ...before, [join(binaries, 'host-local')]: '777 to multi-call' });
  });

  test('below a file fails with one line, and leaves no release', () => {
    writeFileSync(binaries, '');
    const { status, stdout, stderr } = install();
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^bulkhead: .*file already exists.*\/bin'\n$/);
    expect(files(root)).toEqual([]);
  });

  test.skipIf(missing).each([
    ['of binaries', () => ['bin', 'root']],
    ['of the installation', () => ['root', 'bin']],
  ])(
    'into a directory %s that cannot be written fails with one line, and what there is can be taken away',
    (_, names) => {
      const [first = '', second = ''] = names().map((name) => join(directory, name));
      mkdirSync(first);
      mkdirSync(second);
      const command = `'${join(project, 'bin/bulkhead')}' install --bin-dir ${binaries} --root ${root}`;
      const script = `mount -t tmpfs -o ro none ${first} && exec ${command}`;
      const { status, stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8' });
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^bulkhead: E[A-Z]+: .*\n$/);
      expect(stderr).toContain(first);
      uninstall();
      expect(files(second)).toEqual([]);
    },
  );

  test('into a second directory has to wait until the first is taken away', () => {
    expect(install().status).toBe(0);
    const before = contents(binaries, root);
    const { status, stderr } = bulkhead('install', '--bin-dir', join(directory, 'other'), '--root', root);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/already installed into .*: uninstall that first/)]);
    expect(Object.keys(contents(binaries))).toEqual(
      Object.keys(before).filter((path) => path.startsWith(`${binaries}/`)),
    );
  });
});

describe('uninstalling', () => {
  test('leaves no file, where nothing was there before', () => {
    expect(install().status).toBe(0);
    const { status, stdout, stderr } = uninstall();
    expect([status, stderr]).toEqual([0, '']);
    for (const type of ['bridge', 'loopback', 'host-local']) expect(stdout).toMatch(new RegExp(`${type} +removed`));
    expect([files(binaries), files(root)]).toEqual([[], []]);
    expect(uninstall()).toMatchObject({ status: 1, stderr: expect.stringMatching(/nothing is installed below/) });
  });

  test.each([1, 2])('puts back what was there before, byte for byte, after %i installs', (times) => {
    placeOthers();
    const before = contents(binaries);
    for (let i = 0; i < times; i++) expect(install()).toMatchObject({ status: 0, stderr: '' });
    expect(contents(binaries)).not.toEqual(before);
    const { status, stdout } = uninstall();
    expect(status).toBe(0);
    for (const type of ['bridge', 'loopback', 'host-local']) {
      expect(stdout).toMatch(new RegExp(`${type} +put back as it was`));
    }
    expect(contents(binaries)).toEqual(before);
    expect(files(root)).toEqual([]);
  });

  test('puts them back where an install was cut short after any of its steps', () => {
    placeOthers();
    const before = contents(binaries);
    const originals = join(directory, 'originals');
    spawnSync('cp', ['-a', binaries, originals]);
    for (const placed of [[], ['loopback'], ['loopback', 'bridge']]) {
      expect(install().status).toBe(0);
      for (const type of ['loopback', 'bridge', 'host-local'].filter((one) => !placed.includes(one))) {
        spawnSync('cp', ['-a', '--remove-destination', join(originals, type), join(binaries, type)]);
      }
      expect(uninstall().status).toBe(0);
      expect(contents(binaries)).toEqual(before);
    }
  });

  test('what somebody has put in place of ours since stays, and is kept by the next install', () => {
    expect(install().status).toBe(0);
    const path = join(binaries, 'bridge');
    rmSync(path);
    writeFileSync(path, 'newer', { mode: 0o755 });
    expect(install().status).toBe(0);
    expect(readFileSync(path, 'latin1')).not.toBe('newer');
    expect(uninstall().status).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('newer');
    expect(install().status).toBe(0);
    rmSync(path);
    writeFileSync(path, 'newest', { mode: 0o755 });
    expect(uninstall().status).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('newest');
    expect(existsSync(join(binaries, 'loopback'))).toBe(false);
  });

  test('does not put back our own, where an install did not get to write down that it is one', () => {
    placeOthers();
    const before = contents(binaries);
    expect(install().status).toBe(0);
    rmSync(join(root, 'usr/lib/bulkhead/installed.json'));
    expect(install().status).toBe(0);
    expect(uninstall().status).toBe(0);
    expect(contents(binaries)).toEqual(before);
  });

  test.skipIf(missing)('leaves records of attachments, says so, and they serve the next installation', () => {
    using machine = new Machine();
    const { path } = machine.container();
    const call = { id: 'c1', netns: path, ifname: 'eth0' };
    const ipam = { type: 'host-local', dataDir: machine.leases, subnet: '10.1.0.0/24' };
    const configuration = { cniVersion: '1.1.0', name: 'net', type: 'bridge', bridge: 'cni0', ipam };
    expect(machine.call('bridge', { ...call, verb: 'ADD' }, configuration)).toMatchObject({ status: 0 });
    const { status, stdout } = bulkhead('uninstall', '--root', machine.root);
    expect(status).toBe(0);
    expect(stdout).toMatch(/\/run\/bulkhead\/attachments stays: records of attachments: containers may be running$/m);
    expect(machine.records()).toHaveLength(2);
    expect(machine.snapshot(path).links.map(({ name }) => name)).toContain('eth0');

    expect(bulkhead('install', '--bin-dir', machine.binaries, '--root', machine.root).status).toBe(0);
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, configuration)).toMatchObject({ status: 0, stdout: '' });
    expect(machine.snapshot(path).links.map(({ name }) => name)).toEqual(['lo']);
    expect(machine.leased('net')).toEqual([]);
    const last = bulkhead('uninstall', '--root', machine.root);
    expect(last.stdout).not.toMatch(/records/);
    const audit = join(machine.root, 'var/log/bulkhead/audit');
    expect(last.stdout).toContain(`${audit} stays: the log of calls\n`);
    expect(files(machine.root).filter((path) => !path.startsWith(`${audit}/`))).toEqual([]);
  });

  test('leaves a policy that was changed, and says so; one that was not goes', () => {
    expect(install().status).toBe(0);
    const policy = join(root, 'etc/bulkhead/policy.yaml');
    const shipped = readFileSync(policy, 'utf8');
    expect(uninstall().stdout).not.toMatch(/stays/);
    expect(existsSync(policy)).toBe(false);

    expect(install().status).toBe(0);
    const own = `# mine\n${shipped}`;
    writeFileSync(policy, own);
    expect(install()).toMatchObject({ status: 0, stderr: '' });
    expect(uninstall().stdout).toContain(`${policy} stays: a policy of your own\n`);
    expect(readFileSync(policy, 'utf8')).toBe(own);
    expect(files(root)).toEqual([policy]);
  });
});
