import { laneOf } from '../system/lane.ts';
import { beforeLongWait } from '../system/long-wait.ts';

/** Attachments share so many counters by a hash; two that share one wait for each other. */
const lanes = 4096;
/** Nobody's turn. */
const none = -1;

/**
 * The order of calls of one attachment, among threads: who came first is served first. The lock of the record keeps them apart
 * as well, but lets in whoever finds it open.
 */
export class Turns {
  /** For each lane the next ticket and the one that is served; then, for each worker, the lane that it holds. */
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory);
  }

  static allocate(workers: number): Turns {
    const turns = new Turns(new SharedArrayBuffer((2 * lanes + workers) * Int32Array.BYTES_PER_ELEMENT));
    for (let worker = 0; worker < workers; worker++) turns.#hold(worker, none);
    return turns;
  }

  /** Waits until it is the attachment's turn. `using turn = ...` ends it. */
  take(worker: number, attachment: string): Disposable {
    const lane = laneOf(attachment, lanes);
    const ticket = Atomics.add(this.#numbers, 2 * lane, 1);
    this.#hold(worker, lane);
    for (;;) {
      const served = Atomics.load(this.#numbers, 2 * lane + 1);
      if (served === ticket) return { [Symbol.dispose]: () => this.end(worker) };
      beforeLongWait();
      Atomics.wait(this.#numbers, 2 * lane + 1, served);
    }
  }

  /** Also for a worker that died in its turn. */
  end(worker: number): void {
    const lane = Atomics.exchange(this.#numbers, 2 * lanes + worker, none);
    if (lane === none) return;
    Atomics.add(this.#numbers, 2 * lane + 1, 1);
    Atomics.notify(this.#numbers, 2 * lane + 1);
  }

  #hold(worker: number, lane: number): void {
    Atomics.store(this.#numbers, 2 * lanes + worker, lane);
  }
}
