/** What a thread is doing; each has a number that says so. */
const standing = 0;
const waiting = 1;
/** Seated, and ready for the next call. */
const ready = 2;
/** Seated, with a call. */
const busy = 3;

/**
 * How many threads take calls at a time: about as many as there are processors, since more would only push each other aside, and
 * each knows its work the better the more of it it gets. A thread that is going to wait for the kernel gives up its seat, and another one
 * goes on, where nobody else is ready.
 */
export class Seats {
  /** The number of free seats, then for each thread what it does. */
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory);
  }

  static allocate(threads: number, count: number): Seats {
    const seats = new Seats(new SharedArrayBuffer((1 + threads) * Int32Array.BYTES_PER_ELEMENT));
    Atomics.store(seats.#numbers, 0, count);
    return seats;
  }

  /** Waits for a seat, and is ready for a call then. Who has a seat keeps it. */
  sit(thread: number): void {
    const own = 1 + thread;
    if (Atomics.compareExchange(this.#numbers, own, busy, ready) === busy) return;
    while (Atomics.load(this.#numbers, own) !== ready) {
      if (this.#take()) Atomics.store(this.#numbers, own, ready);
      else this.#wait(own);
    }
  }

  /** The thread has a call now. */
  begin(thread: number): void {
    Atomics.compareExchange(this.#numbers, 1 + thread, ready, busy);
  }

  /** Gives up its seat before it waits, unless somebody is ready for the next call anyway. */
  rise(thread: number): void {
    for (let own = 1; own < this.#numbers.length; own++) if (Atomics.load(this.#numbers, own) === ready) return;
    this.leave(thread);
  }

  /** Gives the seat of a thread, where it has one, to whoever waits; also of one that died. */
  leave(thread: number): void {
    if (Atomics.exchange(this.#numbers, 1 + thread, standing) >= ready) this.#free(1);
  }

  /** Room for everybody: nobody waits any more. */
  open(): void {
    this.#free(this.#numbers.length);
  }

  #take(): boolean {
    for (;;) {
      const free = Atomics.load(this.#numbers, 0);
      if (free === 0) return false;
      if (Atomics.compareExchange(this.#numbers, 0, free, free - 1) === free) return true;
    }
  }

  #wait(own: number): void {
    Atomics.store(this.#numbers, own, waiting);
    // One may have become free before anybody could see that this thread waits.
    if (Atomics.load(this.#numbers, 0) > 0) Atomics.store(this.#numbers, own, standing);
    else Atomics.wait(this.#numbers, own, waiting);
  }

  /** The first threads are woken first: they have done most of the work so far. */
  #free(count: number): void {
    Atomics.add(this.#numbers, 0, count);
    let left = count;
    for (let own = 1; own < this.#numbers.length && left > 0; own++) {
      if (Atomics.compareExchange(this.#numbers, own, waiting, standing) !== waiting) continue;
      Atomics.notify(this.#numbers, own);
      left--;
    }
  }
}
