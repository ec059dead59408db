import { once } from 'node:events';
import { closeSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { listenAt } from '../../../host/system/unix-socket.ts';

let directory: string;
let fd: number;
const path = () => join(directory, 'socket');
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-listener-'));
  fd = listenAt(path(), 256);
});
afterEach(() => {
  closeSync(fd);
  rmSync(directory, { recursive: true });
});

interface Thread {
  readonly worker: Worker;
  readonly heard: string[];
  /** Resolves when it is asleep until somebody comes, or until who has come says something. */
  readonly waitsFor: (whom: 'anybody' | 'words') => Promise<void>;
}

/** asm/unistd.h: epoll_wait, or what libc has instead. */
const epollWait = process.arch === 'x64' ? '232' : '22';

async function startThread(): Promise<Thread> {
  const others = new Set(readdirSync('/proc/self/task'));
  const worker = new Worker(new URL('listening-thread.ts', import.meta.url), { workerData: { fd } });
  const heard: string[] = [];
  await once(worker, 'message');
  worker.on('message', (said: string) => heard.push(said));
  const isIn = (task: string, isWanted: (syscall: string | undefined) => boolean) => {
    const [syscall, stat] = ['syscall', 'stat'].map((name) => readFileSync(`/proc/self/task/${task}/${name}`, 'utf8'));
    // One that the processor was taken from on its way there is not asleep yet.
    return stat?.split(') ')[1]?.startsWith('S') === true && isWanted(syscall?.split(' ')[0]);
  };
  const options = { timeout: 10_000, interval: 1 };
  const task = await vi.waitUntil(
    () =>
      readdirSync('/proc/self/task').find((one) => !others.has(one) && isIn(one, (syscall) => syscall === epollWait)),
    options,
  );
  const waitsFor = async (whom: 'anybody' | 'words') => {
    await vi.waitUntil(() => isIn(task, (syscall) => (syscall === epollWait) === (whom === 'anybody')), options);
  };
  return { worker, heard, waitsFor };
}

async function say(text: string): Promise<void> {
  const socket = connect(path());
  await once(socket, 'connect');
  socket.end(text);
  await once(socket.resume(), 'close');
}

test('of threads that wait, the one that came first gets who comes; the others get who comes meanwhile, and after it', async () => {
  const first = await startThread();
  const second = await startThread();
  const gone = [first, second].map(({ worker }) => once(worker, 'exit'));
  for (let i = 0; i < 10; i++) {
    await first.waitsFor('anybody');
    await say('one');
  }
  await first.waitsFor('anybody');
  // Somebody who says nothing yet keeps the first thread.
  const silent = connect(path());
  await once(silent, 'connect');
  await first.waitsFor('words');
  await say('two');
  silent.end('end');
  await gone[0];
  expect(first.heard).toEqual([...Array.from({ length: 10 }, () => 'one'), 'end']);
  await say('end');
  await gone[1];
  expect(second.heard).toEqual(['two', 'end']);
}, 30_000);

test('nobody who comes is lost, however many come at once', async () => {
  const threads = [await startThread(), await startThread(), await startThread()];
  const gone = threads.map(({ worker }) => once(worker, 'exit'));
  await Promise.all(Array.from({ length: 200 }, () => say('one')));
  await Promise.all(threads.map(() => say('end')));
  await Promise.all(gone);
  const heard = threads.flatMap((one) => one.heard);
  expect(heard.filter((said) => said === 'one')).toHaveLength(200);
  expect(heard.filter((said) => said === 'end')).toHaveLength(3);
}, 30_000);
