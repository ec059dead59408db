import { parentPort, workerData } from 'node:worker_threads';
import { CallCounts } from '../daemon/call-counts.ts';
import type { WorkerMessage, WorkerStart } from '../daemon/daemon.ts';
import { practise } from '../daemon/practice.ts';
import { Removals } from '../daemon/removals.ts';
import { Seats } from '../daemon/seats.ts';
import { Tally } from '../daemon/tally.ts';
import { Turns } from '../daemon/turns.ts';
import { WarmTrust } from '../daemon/warm-trust.ts';
import { work } from '../daemon/worker.ts';
import { LinuxKernel } from '../kernel/linux/linux-kernel.ts';
import { hearReturns } from '../system/flock.ts';
import { isAnybodyWaiting } from '../system/unix-socket.ts';
import { readTrustState } from '../trust/trust-state.ts';
import { type EngineName, openEngine } from './engines.ts';
import { layoutOf } from './layout.ts';
import { machineOf, openSealedNode, pluginFilesOf, renewTrust } from './node.ts';

// Refusals of the kernel are errors, and nobody reads where they were thrown.
Error.stackTraceLimit = 0;

/** Milliseconds of a thread's life. */
const longestPractice = 3000;

/** A thread of the daemon. */
const start = workerData as WorkerStart;
hearReturns(start.returns);
const tell = (message: WorkerMessage) => parentPort?.postMessage(message);
const layout = layoutOf(start.root, start.version);
const removals = new Removals(start.removals);
const kernel = new LinuxKernel({ handOver: (removal) => removals.remove(start.index, removal) });
const { node, seal } = openSealedNode(layout);
const engine = openEngine(layout, seal, start.engine as EngineName);
const files = pluginFilesOf(layout);
const trust = new WarmTrust({
  files,
  read: () => readTrustState(layout.trust, seal),
  establish: () => renewTrust(layout, seal),
});
await trust.refresh();
tell({ kind: 'policy', broken: trust.broken });
for (const type of trust.broken === undefined ? trust.types : []) {
  try {
    const plugin = trust.find(type);
    if (plugin !== undefined) engine.load(plugin);
  } catch {
    // The call that needs it will say so.
  }
}
const tally = new Tally(start.tally, (series) => tell({ kind: 'series', series }));
const stopping = new Int32Array(start.stopping);
const isStopping = () => Atomics.load(stopping, 0) === 1;
if (start.practises) {
  await practise({
    directory: layout.daemon,
    nodeIn: (directory) => ({ ...machineOf(layoutOf(directory, start.version), seal), engine, plugins: trust }),
    goesOn: () => !isStopping() && !isAnybodyWaiting(start.listening) && performance.now() < longestPractice,
  });
}
tell({ kind: 'ready' });
try {
  await work({
    ...{
      listening: start.listening,
      index: start.index,
      turns: new Turns(start.turns),
      seats: new Seats(start.seats),
      kernel,
    },
    node: { ...node, engine, plugins: trust },
    async refresh() {
      if (await trust.refresh()) tell({ kind: 'policy', broken: trust.broken });
    },
    counts: new CallCounts(tally, start.traces ? (trace) => tell({ kind: 'trace', trace }) : undefined),
    isStopping,
  });
} finally {
  kernel.close();
}
