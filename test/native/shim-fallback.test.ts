import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeAnswer, encodeRefusal } from '../../host/daemon/protocol.ts';
import { listenAt, type UnixConnection } from '../../host/system/unix-socket.ts';
import { FakeDaemon, receive } from './shim-daemon.ts';
import { failure, hasShim, reportOf, ShimInstallation, whyNot } from './shim-installation.ts';

const stdin = '{"cniVersion":"1.1.0"}';
const fiveMegabytes = 'five MB '.repeat(655_360);
const add = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c' };
const isRoot = process.getuid?.() === 0;
const canUnmount = isRoot && spawnSync('unshare', ['-m', 'umount', '-l', '/proc']).status === 0;

/** As the host has to find everything. */
const untouched = {
  arguments: 'first second one',
  environment: ['CNI_COMMAND=ADD', 'CNI_CONTAINERID=c'],
  ignored: '0000000000000000',
  // What runs the tests may have passed some on.
  descriptors: await inheritedAnyway(),
  stdin,
};

/** As it has to find a call that a daemon was told of: with its number. */
const numbered = { ...untouched, arguments: expect.stringMatching(/^first second one [1-9]\d*$/) };

describe.skipIf(!hasShim)(`the shim executes the host${whyNot}`, () => {
  let shim: ShimInstallation;
  beforeEach(() => {
    shim = new ShimInstallation();
  });
  afterEach(() => shim[Symbol.dispose]());

  describe('where the socket', () => {
    test.each<[string, (path: string) => void]>([
      ['is not there', () => {}],
      ['is left over', (path) => closeSync(listenAt(path, 1))],
      ['is a file', (path) => writeFileSync(path, '')],
      ['is a directory', (path) => mkdirSync(path)],
      ['leads nowhere', (path) => symlinkSync('/nonexistent', path)],
    ])('%s', async (_, prepare) => {
      prepare(shim.socket);
      expect(reportOf(await shim.start({ ...add, PATH: '/evil' }, { stdin }).ended)).toEqual(untouched);
    });

    test.each(['', `/${'long'.repeat(30)}`])('has the path "%s"', async (socket) => {
      using other = new ShimInstallation({ socket });
      expect(reportOf(await other.start(add, { stdin }).ended)).toEqual(untouched);
    });

    test.skipIf(!isRoot)('is that of somebody else', async () => {
      chmodSync(shim.directory, 0o777);
      process.seteuid?.(65534);
      let daemon: FakeDaemon;
      try {
        daemon = new FakeDaemon(shim.socket);
      } finally {
        process.seteuid?.(0);
      }
      using _daemon = daemon;
      expect(reportOf(await shim.start(add, { stdin }).ended)).toEqual(untouched);
      using connection = daemon.accept();
      expect(connection.receive(new Uint8Array(1))).toBe(false);
    });
  });

  test.each([{ CNI_COMMAND: '' }, {}])('where it is told no command: %o', async (env) => {
    using daemon = new FakeDaemon(shim.socket);
    expect(reportOf(await shim.start({ CNI_PATH: '/p', ...env }, { stdin }).ended).stdin).toBe(stdin);
    expect(daemon.isCalled(0)).toBe(false);
  });

  describe('where CNI_NETNS', () => {
    const file = '/etc/passwd';
    test.each([
      ['is a file', 'ADD', file],
      ['is a directory', 'CHECK', '/'],
      ['is a device', 'ADD', '/dev/null'],
      ['is a terminal', 'ADD', '/dev/ptmx'],
      ['is a FIFO', 'DEL', 'fifo'],
      ['is missing', 'ADD', '/nonexistent'],
      ['is missing', 'CHECK', '/nonexistent'],
      ['is below a file', 'DEL', `${file}/netns`],
      ['is too long', 'DEL', 'long'],
    ])('%s: %s %s', async (_, command, path) => {
      using _daemon = new FakeDaemon(shim.socket);
      const netns = path === 'fifo' ? join(shim.directory, path) : path === 'long' ? '/long'.repeat(1000) : path;
      if (path === 'fifo') spawnSync('mkfifo', [netns]);
      const { ended } = shim.start({ CNI_COMMAND: command, CNI_NETNS: netns }, { stdin });
      expect(reportOf(await ended)).toEqual({
        ...untouched,
        environment: [`CNI_COMMAND=${command}`, `CNI_NETNS=${netns}`],
      });
    });
  });

  describe('with all of stdin again where the daemon', () => {
    const answer = encodeAnswer({ stdout: 'out', stderr: 'err', exitCode: 0 });
    const changed = (at: number, byte: number) => {
      const bytes = Uint8Array.from(answer);
      bytes[at] = byte;
      return bytes;
    };
    test.each<[string, (connection: UnixConnection) => void]>([
      ['goes away at once', () => {}],
      ['goes away after the header of a request', (one) => void one.receive(new Uint8Array(48))],
      ['goes away after a request', (one) => void receive(one)],
      ['goes away in the header of its answer', (one) => void (receive(one) && one.send(answer.subarray(0, 9)))],
      ['goes away after the header of its answer', (one) => void (receive(one) && one.send(answer.subarray(0, 16)))],
      ['goes away in the middle of its answer', (one) => void (receive(one) && one.send(answer.subarray(0, -1)))],
      ['refuses the call', (one) => void (receive(one) && one.send(encodeRefusal()))],
      ['refuses the call before it has read it', (one) => void one.send(encodeRefusal())],
      ['speaks another language', (one) => void (receive(one) && one.send(changed(0, 0x43)))],
      ['gives an answer of another kind', (one) => void (receive(one) && one.send(changed(4, 2)))],
      ['announces more than 64 MiB', (one) => void (receive(one) && one.send(changed(11, 4)))],
    ])('%s', async (_, behave) => {
      for (const given of [stdin, fiveMegabytes, '']) {
        using installed = new ShimInstallation();
        using daemon = new FakeDaemon(installed.socket);
        const { ended } = installed.start(add, { stdin: given });
        {
          using connection = daemon.accept();
          behave(connection);
        }
        const report = reportOf(await ended);
        expect(report.stdin === given).toBe(true);
        expect({ ...report, stdin }).toEqual(numbered);
      }
    });

    test('is gone before it accepted the call', async () => {
      const daemon = new FakeDaemon(shim.socket);
      const { ended } = shim.start(add, { stdin });
      expect(daemon.isCalled(10_000)).toBe(true);
      daemon[Symbol.dispose]();
      expect(reportOf(await ended)).toEqual(numbered);
    });

    test('goes away: the host is told the number by which the daemon knew the call', async () => {
      using daemon = new FakeDaemon(shim.socket);
      const { ended } = shim.start(add, { stdin });
      let began = 0n;
      {
        using connection = daemon.accept();
        began = receive(connection).header.began;
      }
      expect(reportOf(await ended).arguments).toBe(`first second one ${began}`);
    });
  });

  test('with what came through a pipe', async () => {
    using daemon = new FakeDaemon(shim.socket);
    const { child, ended } = shim.start(add, { stdin: 'pipe' });
    await new Promise<void>((resolve) => child.stdin?.end(fiveMegabytes, () => resolve()));
    daemon.accept()[Symbol.dispose]();
    expect(reportOf(await ended).stdin === fiveMegabytes).toBe(true);
  });

  test.skipIf(!canUnmount)('where there is no /proc to say which namespaces are its own', async () => {
    using daemon = new FakeDaemon(shim.socket);
    const through = ['unshare', '-m', '/bin/sh', '-c', 'umount -l /proc && exec "$0"'] as const;
    const { ended } = shim.start(add, { stdin, through });
    using connection = daemon.accept();
    expect(connection.receive(new Uint8Array(1))).toBe(false);
    const { stdout, status } = await ended;
    expect([stdout.split('\n')[0], stdout.slice(stdout.indexOf('stdin:')), status]).toEqual([
      ...['arguments: first second one', `stdin:\n${stdin}`, 3],
    ]);
  });

  test('says so where there is none', async () => {
    using bare = new ShimInstallation({ host: '/nonexistent/host' });
    expect(await bare.start(add, { stdin }).ended).toMatchObject({ status: 1, stdout: failure, stderr: '' });
    using daemon = new FakeDaemon(bare.socket);
    const { ended } = bare.start(add, { stdin });
    daemon.accept()[Symbol.dispose]();
    expect(await ended).toMatchObject({ status: 1, stdout: failure, stderr: '' });
  });
});

async function inheritedAnyway(): Promise<readonly string[]> {
  if (!hasShim) return [];
  using shim = new ShimInstallation();
  return (await shim.withoutShim()).descriptors;
}
