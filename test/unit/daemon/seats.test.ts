import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { Seats } from '../../../host/daemon/seats.ts';

/** Sits down in a thread of its own, and writes down that it did. */
function sitter(seats: Seats, thread: number, order: SharedArrayBuffer): Promise<void> {
  const source = `
    import { workerData } from 'node:worker_threads';
    const { Seats } = await import(workerData.module);
    const order = new Int32Array(workerData.order);
    new Seats(workerData.memory).sit(workerData.thread);
    order[1 + Atomics.add(order, 0, 1)] = workerData.thread;`;
  const module = new URL('../../../host/daemon/seats.ts', import.meta.url).href;
  const workerData = { module, memory: seats.memory, thread, order };
  const started = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData });
  return new Promise((resolve, reject) => started.once('exit', () => resolve()).once('error', reject));
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 300));
const sat = (order: SharedArrayBuffer) => {
  const [count = 0, ...threads] = new Int32Array(order);
  return threads.slice(0, count);
};

test('a thread waits until another one gives up its seat, the first thread before the others', async () => {
  const seats = Seats.allocate(4, 1);
  const order = new SharedArrayBuffer(32);
  seats.sit(0);
  seats.begin(0);
  seats.sit(0);
  seats.begin(0);
  const waiting = [sitter(seats, 3, order), sitter(seats, 2, order)];
  await soon();
  expect(sat(order)).toEqual([]);
  seats.rise(0);
  await waiting[1];
  expect(sat(order)).toEqual([2]);
  // The thread is gone, and somebody else gives its seat up, once.
  seats.leave(2);
  seats.leave(2);
  await waiting[0];
  expect(sat(order)).toEqual([2, 3]);
});

test('there is room for everybody in the end', async () => {
  const seats = Seats.allocate(3, 1);
  const order = new SharedArrayBuffer(32);
  seats.sit(0);
  const waiting = [sitter(seats, 1, order), sitter(seats, 2, order)];
  await soon();
  seats.open();
  await Promise.all(waiting);
  expect(sat(order).toSorted()).toEqual([1, 2]);
});

test('who waits keeps its seat as long as somebody else is ready for the next call', async () => {
  const seats = Seats.allocate(3, 2);
  const order = new SharedArrayBuffer(32);
  for (const thread of [0, 1]) seats.sit(thread);
  seats.begin(0);
  const waiting = sitter(seats, 2, order);
  await soon();
  seats.rise(0);
  await soon();
  expect(sat(order)).toEqual([]);
  seats.begin(1);
  seats.rise(1);
  await waiting;
  expect(sat(order)).toEqual([2]);
});
