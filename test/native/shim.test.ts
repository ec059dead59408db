import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeAnswer } from '../../host/daemon/protocol.ts';
import { FakeDaemon, receive, serve } from './shim-daemon.ts';
import { builtShim, type Ended, hasShim, ShimInstallation, whyNot } from './shim-installation.ts';

const inodeOf = (name: string) => statSync(`/proc/self/ns/${name}`, { bigint: true }).ino;
const fiveMegabytes = 'five MB '.repeat(655_360);
const add = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c', CNI_IFNAME: 'eth0' };
const cc = spawnSync('cc', ['--version']).status === 0;

describe.skipIf(!hasShim)(`the shim${whyNot}`, () => {
  let shim: ShimInstallation;
  let daemon: FakeDaemon;
  beforeEach(() => {
    shim = new ShimInstallation();
    daemon = new FakeDaemon(shim.socket);
  });
  afterEach(() => {
    daemon[Symbol.dispose]();
    shim[Symbol.dispose]();
  });

  test('is smaller than 64 KB', () => {
    expect(readFileSync(shim.program).length).toBeLessThan(64 * 1024);
  });

  test('says what is wrong where it was not installed', () => {
    const { status, stdout } = spawnSync(builtShim, { env: { CNI_COMMAND: 'VERSION' }, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ code: 999, msg: 'bulkhead: this executable was not installed' });
  });

  test('answers VERSION by itself, without reading or connecting', async () => {
    const { child, ended } = shim.start({ CNI_COMMAND: 'VERSION' }, { stdin: 'pipe' });
    expect(await ended).toEqual({
      ...{ status: 0, signal: null, stderr: '' },
      stdout: '{"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}\n',
    });
    child.stdin?.destroy();
    expect(daemon.isCalled(0)).toBe(false);
  });

  test('hands type, environment, stdin and namespaces over', async () => {
    const before = process.hrtime.bigint();
    const { ended } = shim.start({ ...add, CNI_NETNS: `/proc/${process.pid}/ns/uts` }, { stdin: '{"a":1}' });
    using connection = daemon.accept();
    const { header, type, environment, stdin } = receive(connection);
    expect(type).toBe('test-plugin');
    expect(environment).toEqual({ ...add, CNI_NETNS: `/proc/${process.pid}/ns/uts` });
    expect(Buffer.from(stdin).toString()).toBe('{"a":1}');
    expect(header.began).toBeGreaterThan(before);
    expect(header.began).toBeLessThan(process.hrtime.bigint());
    expect([header.mountNamespace, header.userNamespace]).toEqual([inodeOf('mnt'), inodeOf('user')]);
    // That it is a network namespace is the daemon's to see: any namespace passes here, and this one needs no privilege.
    expect(header.sandbox).toBe('attached');
    expect(inodesOf(connection.descriptors)).toEqual([inodeOf('net'), inodeOf('uts')]);
    connection.send(encodeAnswer({ stdout: 'out', stderr: 'err', exitCode: 7 }));
    expect(await ended).toEqual({ status: 7, signal: null, stdout: 'out', stderr: 'err' });
  });

  test.each([
    ['DEL', '/nonexistent', 'missing'],
    ['DEL', '', 'none'],
    ['ADD', '', 'none'],
    ['STATUS', '/proc/self/ns/net', 'none'],
    ['GC', '/nonexistent', 'none'],
  ])('%s with CNI_NETNS=%s: the sandbox is %s', async (command, netns, sandbox) => {
    const { ended } = shim.start({ CNI_COMMAND: command, CNI_NETNS: netns });
    using connection = daemon.accept();
    expect(receive(connection).header.sandbox).toBe(sandbox);
    expect(inodesOf(connection.descriptors)).toEqual([inodeOf('net')]);
    connection.send(encodeAnswer({ stdout: '', stderr: '', exitCode: 0 }));
    expect((await ended).status).toBe(0);
  });

  describe('of the environment', () => {
    test('keeps the variables of a call and of tracing, in order', async () => {
      const { ended } = shim.start({
        ...{ LD_PRELOAD: '/evil.so', CNI_COMMAND: 'GC', PATH: '/evil', TRACESTATE: 's', CNI_ARGS: 'a=b;c=d', CNI: 'x' },
        ...{ TRACEPARENTX: 'x', BAGGAGE: 'b', NODE_OPTIONS: '--evil', TRACEPARENT: 't', XCNI_: 'x', CNI_EMPTY: '' },
      });
      expect(Object.entries(serve(daemon).environment)).toEqual([
        ...[
          ['CNI_COMMAND', 'GC'],
          ['TRACESTATE', 's'],
          ['CNI_ARGS', 'a=b;c=d'],
          ['BAGGAGE', 'b'],
        ],
        ...[
          ['TRACEPARENT', 't'],
          ['CNI_EMPTY', ''],
        ],
      ]);
      await ended;
    });

    test('keeps a thousand, if there are', async () => {
      const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`CNI_${i}`, `${i}`]));
      const { ended } = shim.start({ ...many, CNI_COMMAND: 'GC' });
      expect(serve(daemon).environment).toEqual({ ...many, CNI_COMMAND: 'GC' });
      await ended;
    });

    test.skipIf(!cc)('takes the first of a name', async () => {
      const through = [
        buildExecutor(shim.directory),
        'CNI_COMMAND=GC',
        'CNI_A=1',
        'CNI_COMMAND=ADD',
        'CNI_A=2',
      ] as const;
      const { ended } = shim.start({}, { through });
      expect(serve(daemon).environment).toEqual({ CNI_COMMAND: 'GC', CNI_A: '1' });
      await ended;
    });
  });

  describe('stdin', () => {
    test('of 5 MB, and stdout and stderr of 5 MB, arrive', async () => {
      const { ended } = shim.start(add, { stdin: fiveMegabytes });
      const { stdin } = serve(daemon, { stdout: fiveMegabytes, stderr: fiveMegabytes });
      expect(Buffer.from(stdin).equals(Buffer.from(fiveMegabytes))).toBe(true);
      const { status, stdout, stderr } = await ended;
      expect([status, stdout === fiveMegabytes, stderr === fiveMegabytes]).toEqual([0, true, true]);
    });

    test('is read no further than one byte past 32 MiB', async () => {
      const { ended } = shim.start(add, { stdin: new Uint8Array(33 * 1024 * 1024) });
      expect(serve(daemon).stdin.length).toBe(32 * 1024 * 1024 + 1);
      await ended;
    });

    test('that does not block is waited for', async () => {
      const path = makeFifo(shim.directory);
      const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const writer = openSync(path, 'w');
      const { ended } = shim.start(add, { stdin: reader });
      for (const part of ['{"late"', ':1}']) {
        await setTimeout(50);
        writeSync(writer, part);
      }
      closeSync(writer);
      expect(Buffer.from(serve(daemon).stdin).toString()).toBe('{"late":1}');
      expect((await ended).status).toBe(0);
    });

    test.each(['<&-', '<&- >&-', '<&- >&- 2>&-'])('is empty where it is closed: %s', async (closed) => {
      const { ended } = shim.start(
        { ...add, CNI_NETNS: '/proc/self/ns/uts' },
        { through: ['/bin/sh', '-c', `exec "$0" ${closed}`] },
      );
      const { stdin, header } = serve(daemon, { stdout: 'out', stderr: 'err', exitCode: 5 });
      expect([stdin.length, header.sandbox]).toEqual([0, 'attached']);
      const { status, stdout, stderr } = await ended;
      expect([status, stdout, stderr]).toEqual([
        5,
        closed.includes('>&-') ? '' : 'out',
        closed.includes('2') ? '' : 'err',
      ]);
    });
  });

  describe('the answer', () => {
    test('may come in pieces', async () => {
      const { ended } = shim.start(add);
      using connection = daemon.accept();
      receive(connection);
      const bytes = encodeAnswer({ stdout: 'out', stderr: 'err', exitCode: 255 });
      for (const byte of bytes) {
        connection.send(Uint8Array.of(byte));
        await setTimeout(2);
      }
      expect(await ended).toEqual({ status: 255, signal: null, stdout: 'out', stderr: 'err' });
    });

    test('is written completely where stdout does not block', async () => {
      const path = makeFifo(shim.directory);
      const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
      const writer = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      const { ended } = shim.start(add, { stdout: writer });
      closeSync(writer);
      serve(daemon, { stdout: fiveMegabytes });
      expect((await buffer(reader.stdout)).toString() === fiveMegabytes).toBe(true);
      expect((await ended).status).toBe(0);
    });

    test('that nobody reads leaves the exit status as it is', async () => {
      const { child, ended } = shim.start(add);
      const closed = new Promise((resolve) => child.stdout?.once('close', resolve));
      child.stdout?.destroy();
      await closed;
      serve(daemon, { stdout: fiveMegabytes, stderr: 'err', exitCode: 4 });
      expect(await ended).toMatchObject({ status: 4, signal: null, stderr: 'err' });
    });
  });

  describe.skipIf(process.getuid?.() !== 0)('as root, which may become another user', () => {
    test('hands over to the daemon of root for anybody', async () => {
      spawnSync('chmod', ['755', shim.directory]);
      spawnSync('chmod', ['777', shim.socket]);
      const { ended } = shim.start(add, { uid: 65534 });
      expect(serve(daemon, { stdout: 'root' }).type).toBe('test-plugin');
      expect((await ended).stdout).toBe('root');
    });
  });
});

describe.skipIf(!hasShim)(`where the daemon has too many calls waiting, the shim${whyNot}`, () => {
  let shim: ShimInstallation;
  let daemon: FakeDaemon;
  let began: number;
  let refused: Promise<Ended>;
  beforeAll(async () => {
    shim = new ShimInstallation();
    daemon = new FakeDaemon(shim.socket, 0);
    const first = connect(shim.socket);
    await new Promise((resolve) => first.once('connect', resolve));
    first.on('error', () => {});
    began = performance.now();
    refused = shim.start(add).ended;
  });
  afterAll(() => {
    daemon[Symbol.dispose]();
    shim[Symbol.dispose]();
  });

  test('waits for a place', async () => {
    using full = new ShimInstallation();
    using busy = new FakeDaemon(full.socket, 0);
    const first = connect(full.socket);
    await new Promise((resolve) => first.once('connect', resolve));
    const { child, ended } = full.start(add, { stdin: 'later' });
    await setTimeout(300);
    expect(child.exitCode).toBeNull();
    busy.accept()[Symbol.dispose]();
    expect(Buffer.from(serve(busy, { stdout: 'out' }).stdin).toString()).toBe('later');
    expect((await ended).stdout).toBe('out');
    first.destroy();
  });

  test('gives up after half a minute', { timeout: 45_000 }, async () => {
    const { status, stdout, stderr } = await refused;
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout).toBe(
      '{\n    "code": 11,\n    "msg": "bulkhead: the daemon has too many calls waiting; try again later"\n}',
    );
    expect(performance.now() - began).toBeGreaterThan(29_900);
  });
});

function inodesOf(descriptors: readonly number[]): readonly bigint[] {
  return descriptors.map((fd) => fstatSync(fd, { bigint: true }).ino);
}

function makeFifo(directory: string): string {
  const path = join(directory, 'fifo');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  return path;
}

/** A program that executes its last argument, with those before it as the environment: neither Node nor a shell passes a name on twice. */
function buildExecutor(directory: string): string {
  const [source, program] = [join(directory, 'executor.c'), join(directory, 'executor')];
  writeFileSync(
    source,
    `#include <unistd.h>
    int main(int count, char **given) {
      char *path = given[count - 1], *arguments[] = {path, 0};
      given[count - 1] = 0;
      return execve(path, arguments, given + 1);
    }`,
  );
  expect(spawnSync('cc', ['-o', program, source]).status).toBe(0);
  return program;
}
