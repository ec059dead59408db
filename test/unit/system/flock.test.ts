import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Deadline } from '../../../host/system/deadline.ts';
import {
  allocateReturns,
  flock,
  hearReturns,
  LockFile,
  LockTimeout,
  lockFile,
  releaseLocksAfter,
} from '../../../host/system/flock.ts';
import { SystemError } from '../../../host/system/system-error.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-flock-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a second open file does not get the lock until the first gives it back', () => {
  const path = join(directory, 'lock');
  const first = lockFile(path, Deadline.in(1000));
  const other = openSync(path, 'r');
  expect(flock(other, 'exclusive', { nonBlocking: true })).toBe(false);
  first.release();
  first.release();
  expect(flock(other, 'exclusive', { nonBlocking: true })).toBe(true);
  expect(flock(other, 'unlock')).toBe(true);
  lockFile(path, Deadline.in(0)).release();
});

test('waiting for a lock ends at the deadline with an error that names the file', () => {
  const path = join(directory, 'lock');
  using _held = lockFile(path, Deadline.in(1000));
  const start = performance.now();
  expect(() => lockFile(path, Deadline.in(30))).toThrow(LockTimeout);
  expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  expect(() => lockFile(path, Deadline.in(0))).toThrow(`cannot lock ${path}: somebody else holds the lock`);
});

describe('a lock file that stays open', () => {
  const path = () => join(directory, 'kept');

  test('is waited for no longer than it is at its path', () => {
    const file = new LockFile(path());
    file.lock(Deadline.in(0)).release();
    const holder = openSync(path(), 'r');
    expect(flock(holder, 'exclusive', { nonBlocking: true })).toBe(true);
    expect(() => file.lock(Deadline.in(20))).toThrow(LockTimeout);
    rmSync(path());
    file.lock(Deadline.in(20)).release();
    closeSync(holder);
    file.close();
  });

  test('is given back where it cannot be seen whether it is still there', () => {
    const real = join(directory, 'real');
    mkdirSync(real);
    symlinkSync(real, join(directory, 'link'));
    const file = new LockFile(join(directory, 'link', 'kept'));
    file.lock(Deadline.in(0)).release();
    rmSync(join(directory, 'link'));
    symlinkSync('link', join(directory, 'link'));
    expect(() => file.lock(Deadline.in(0))).toThrow('ELOOP');
    lockFile(join(real, 'kept'), Deadline.in(0)).release();
    file.close();
  });
});

test('a descriptor that is not open is a typed error with its errno', () => {
  const attempt = () => flock(9999, 'exclusive', { nonBlocking: true });
  expect(attempt).toThrow(SystemError);
  expect(attempt).toThrow('flock: bad file descriptor');
});

test('after a time-out, the locks that were taken since go back, and no others', () => {
  const take = (name: string) => lockFile(join(directory, name), Deadline.in(0));
  const isFree = (name: string) => {
    try {
      take(name).release();
      return true;
    } catch {
      return false;
    }
  };
  const [first, second] = [take('first'), take('second')];
  take('third');
  releaseLocksAfter(second);
  expect(['first', 'second', 'third'].map(isFree)).toEqual([false, false, true]);
  releaseLocksAfter(first);
  expect(['first', 'second'].map(isFree)).toEqual([false, true]);
  releaseLocksAfter(undefined);
  first.release();
  expect(isFree('first')).toBe(true);
});

test('a thread that waits for a lock is woken by the one that gives it back', async () => {
  const source = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { hearReturns, lockFile } = await import(workerData.flock);
    const { Deadline } = await import(workerData.deadline);
    hearReturns(workerData.memory);
    parentPort.postMessage('waiting');
    lockFile(workerData.path, Deadline.in(5000)).release();
    parentPort.postMessage('had it');`;
  const [flock, deadline] = ['flock', 'deadline'].map(
    (name) => new URL(`../../../host/system/${name}.ts`, import.meta.url).href,
  );
  const memory = allocateReturns();
  hearReturns(memory);
  const returned = () => new Int32Array(memory).reduce((sum, count) => sum + count, 0);
  const path = join(directory, 'lock');
  const lock = lockFile(path, Deadline.in(1000));
  const waiting = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
    workerData: { flock, deadline, memory, path },
  });
  const said: string[] = [];
  const next = (text: string) =>
    new Promise<void>((resolve) => {
      waiting.on('message', (one) => {
        said.push(one);
        if (one === text) resolve();
      });
    });
  await next('waiting');
  await setTimeout(50);
  expect([said, returned()]).toEqual([['waiting'], 0]);
  const had = next('had it');
  lock.release();
  await had;
  expect(returned()).toBe(2);
});
