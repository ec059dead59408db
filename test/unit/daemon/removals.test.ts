import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { Removals } from '../../../host/daemon/removals.ts';

/** Threads that take links away, and a kernel in memory: a byte for each link that is there. */
const links = new SharedArrayBuffer(16);
const there = new Uint8Array(links);
const source = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { Removals } = await import(workerData.module);
  const there = new Uint8Array(workerData.links);
  const { index } = workerData;
  const counts = { removed: 0 };
  const outcome = (() => {
    try {
      new Removals(workerData.memory, workerData.patience).remove(workerData.thread, {
        index,
        isThere: () => Atomics.load(there, index) === 1,
        remove() {
          counts.removed++;
          if (workerData.refuses) throw new Error('the kernel says no');
          Atomics.store(there, index, 0);
        },
        deadline: { remaining: 20_000 },
      });
      return 'gone';
    } catch (error) {
      return error.message;
    }
  })();
  parentPort.postMessage({ outcome, ...counts });`;
const module = new URL('../../../host/daemon/removals.ts', import.meta.url).href;

let removals: Removals;
afterEach(() => removals.end());

function remover(thread: number, index: number, { refuses = false, patience = 10_000 } = {}): Promise<unknown> {
  const workerData = { module, memory: removals.memory, links, thread, index, refuses, patience };
  const started = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData });
  return new Promise((resolve, reject) => started.once('message', resolve).once('error', reject));
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 400));
const remove = (indexes: readonly number[]) => {
  for (const index of indexes) Atomics.store(there, index, 0);
};

test('links that are wanted while others are going go together, and who wanted one goes on when it is gone from sight', async () => {
  removals = Removals.allocate(4);
  there.fill(1);
  const groups: (readonly number[])[] = [];
  const answers: (() => void)[] = [];
  const served = removals.serve((indexes) => {
    groups.push(indexes);
    return new Promise((resolve) => answers.push(resolve));
  });
  const first = remover(0, 3);
  await vi.waitFor(() => expect(groups).toEqual([[3]]), { timeout: 5000 });
  const others = [remover(1, 4), remover(2, 5), remover(3, 6)];
  await soon();
  expect(groups).toEqual([[3]]);
  remove([3]);
  expect(await first).toEqual({ outcome: 'gone', removed: 0 });
  await vi.waitFor(() => expect(groups.flat().toSorted()).toEqual([3, 4, 5, 6]), { timeout: 5000 });
  expect(groups.length).toBeLessThan(4);
  remove([4, 5, 6]);
  expect(await Promise.all(others)).toEqual(others.map(() => ({ outcome: 'gone', removed: 0 })));
  for (const answer of answers) answer();
  removals.end();
  await served;
});

test('what cannot be taken away together is taken away by each itself, who learns why it cannot', async () => {
  removals = Removals.allocate(2);
  there.fill(1);
  void removals.serve(() => Promise.reject(new Error('no')));
  expect(await Promise.all([remover(0, 3), remover(1, 4, { refuses: true })])).toEqual([
    { outcome: 'gone', removed: 1 },
    { outcome: 'the kernel says no', removed: 1 },
  ]);
});

test('a thread does not count on others for long', async () => {
  removals = Removals.allocate(2);
  there.fill(1);
  const start = performance.now();
  expect(await remover(0, 3, { patience: 500 })).toEqual({ outcome: 'gone', removed: 1 });
  expect(performance.now() - start).toBeGreaterThan(450);
  void removals.serve(() => new Promise(() => undefined));
  expect(await remover(1, 4, { patience: 500 })).toEqual({ outcome: 'gone', removed: 1 });
});

test('a link that is not there is asked for nonetheless, so that the error is the kernel’s', async () => {
  removals = Removals.allocate(1);
  there.fill(0);
  expect(await remover(0, 3, { refuses: true })).toEqual({ outcome: 'the kernel says no', removed: 1 });
});
