import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { Turns } from '../../../host/daemon/turns.ts';

/** Takes a turn in a thread of its own, and writes down when it was served. */
function contender(turns: Turns, worker: number, attachment: string, order: SharedArrayBuffer): Promise<void> {
  const source = `
    import { workerData } from 'node:worker_threads';
    const { Turns } = await import(workerData.module);
    const order = new Int32Array(workerData.order);
    const turn = new Turns(workerData.memory).take(workerData.worker, workerData.attachment);
    order[1 + Atomics.add(order, 0, 1)] = workerData.worker;
    turn[Symbol.dispose]();`;
  const module = new URL('../../../host/daemon/turns.ts', import.meta.url).href;
  const workerData = { module, memory: turns.memory, worker, attachment, order };
  const started = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData });
  return new Promise((resolve, reject) => started.once('exit', () => resolve()).once('error', reject));
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 300));
const served = (order: SharedArrayBuffer) => {
  const [count = 0, ...workers] = new Int32Array(order);
  return workers.slice(0, count);
};

test('calls of one attachment are served as they came, others are not kept waiting', async () => {
  const turns = Turns.allocate(4);
  const order = new SharedArrayBuffer(32);
  const first = turns.take(0, 'a/eth0');
  const second = contender(turns, 1, 'a/eth0', order);
  await soon();
  const third = contender(turns, 2, 'a/eth0', order);
  await soon();
  await contender(turns, 3, 'b/eth0', order);
  expect(served(order)).toEqual([3]);
  first[Symbol.dispose]();
  await Promise.all([second, third]);
  expect(served(order)).toEqual([3, 1, 2]);
});

test('the turn of a thread that died is ended by somebody else, once', () => {
  const turns = Turns.allocate(2);
  turns.take(0, 'a/eth0');
  turns.end(0);
  turns.end(0);
  using _turn = turns.take(1, 'a/eth0');
  expect(() => turns.end(0)).not.toThrow();
});
