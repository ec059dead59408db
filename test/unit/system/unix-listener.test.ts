import { once } from 'node:events';
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
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

async function startThread(): Promise<{ worker: Worker; heard: string[] }> {
  const worker = new Worker(new URL('listening-thread.ts', import.meta.url), { workerData: { fd } });
  const heard: string[] = [];
  await once(worker, 'message');
  worker.on('message', (said: string) => heard.push(said));
  return { worker, heard };
}

async function say(text: string): Promise<void> {
  const socket = connect(path());
  await once(socket, 'connect');
  socket.end(text);
  await once(socket.resume(), 'close');
}

test('of threads that wait, the one that came first gets who comes; the others get who comes meanwhile, and after it', async () => {
  const [first, second] = [await startThread(), await startThread()];
  const gone = [first, second].map(({ worker }) => once(worker, 'exit'));
  for (let i = 0; i < 10; i++) {
    await pause(20);
    await say('one');
  }
  // Somebody who says nothing yet keeps the first thread.
  const silent = connect(path());
  await once(silent, 'connect');
  await pause(50);
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
