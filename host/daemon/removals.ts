import type { LinkRemoval } from '../kernel/linux/links.ts';
import { beforeLongWait } from '../system/long-wait.ts';

/** What a thread's place says. Other numbers are of the group that its link goes with. */
const none = 0;
const wanted = 1;
const refused = 2;
const firstGroup = 16;
/** Milliseconds between two looks at a link that is going. */
const interval = 0.5;

/**
 * Links of the host's namespace that calls take away, of all threads. A link is gone from sight milliseconds after the kernel was told; that
 * call returns only when no processor can have it in use any more (netdev_run_todo, net/core/dev.c: an RCU barrier, 15 ms and more).
 * So that call is made elsewhere, for all links together that were wanted meanwhile, and who wanted it goes on when it is gone.
 */
export class Removals {
  /** A bell, and for each thread its place and the link's index. */
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #places: readonly number[];
  /** Groups that the kernel was told of, and has not answered for. */
  readonly #going = new Set<number>();
  #isOver = false;

  /** After so many milliseconds, a thread does not count on others any more. */
  readonly #patience: number;

  constructor(memory: SharedArrayBuffer, patience = 500) {
    this.memory = memory;
    this.#patience = patience;
    this.#numbers = new Int32Array(memory);
    this.#places = Array.from({ length: (this.#numbers.length - 1) / 2 }, (_, thread) => placeOf(thread));
  }

  static allocate(threads: number): Removals {
    return new Removals(new SharedArrayBuffer((1 + 2 * threads) * Int32Array.BYTES_PER_ELEMENT));
  }

  /** Takes a link away, and returns when it is gone. Where nobody does it in time, or it is refused, the thread does it itself. Throws KernelError. */
  remove(thread: number, { index, isThere, remove, deadline }: LinkRemoval): void {
    const place = placeOf(thread);
    if (!isThere()) {
      remove();
      return;
    }
    Atomics.store(this.#numbers, place + 1, index);
    Atomics.store(this.#numbers, place, wanted);
    this.#ring();
    beforeLongWait();
    const until = performance.now() + Math.min(this.#patience, deadline.remaining);
    Atomics.wait(this.#numbers, place, wanted, this.#patience);
    this.#pause(place);
    while (Atomics.load(this.#numbers, place) >= firstGroup && performance.now() < until) {
      if (!isThere()) {
        Atomics.store(this.#numbers, place, none);
        this.#ring();
        return;
      }
      this.#pause(place);
    }
    Atomics.store(this.#numbers, place, none);
    if (isThere()) remove();
  }

  /**
   * Takes away what is wanted, until `end`. While the links of one group are not gone from sight, others wait, and make the next group.
   * `remove` rejects where not all of them could be taken away.
   */
  async serve(remove: (indexes: readonly number[]) => Promise<void>): Promise<void> {
    for (let group = firstGroup; !this.#isOver; ) {
      const bell = Atomics.load(this.#numbers, 0);
      const places = this.#isGoing() ? [] : this.#take(group);
      if (places.length > 0) void this.#remove(group++, places, remove);
      else await Atomics.waitAsync(this.#numbers, 0, bell).value;
    }
  }

  end(): void {
    this.#isOver = true;
    this.#ring();
  }

  /** Unless the place says something else meanwhile. */
  #pause(place: number): void {
    const now = Atomics.load(this.#numbers, place);
    if (now >= firstGroup) Atomics.wait(this.#numbers, place, now, interval);
  }

  #ring(): void {
    Atomics.add(this.#numbers, 0, 1);
    Atomics.notify(this.#numbers, 0);
  }

  #take(group: number): readonly number[] {
    return this.#places.filter((place) => Atomics.compareExchange(this.#numbers, place, wanted, group) === wanted);
  }

  /** Whether links of a group that was begun are still there, as far as those say who wait for that. */
  #isGoing(): boolean {
    return this.#places.some((place) => this.#going.has(Atomics.load(this.#numbers, place)));
  }

  async #remove(
    group: number,
    places: readonly number[],
    remove: (indexes: readonly number[]) => Promise<void>,
  ): Promise<void> {
    const indexes = places.map((place) => Atomics.load(this.#numbers, place + 1));
    this.#going.add(group);
    for (const place of places) Atomics.notify(this.#numbers, place);
    try {
      await remove(indexes);
    } catch {
      // Each tries by itself, and learns why it cannot be.
      for (const place of places) {
        if (Atomics.compareExchange(this.#numbers, place, group, refused) === group)
          Atomics.notify(this.#numbers, place);
      }
    }
    this.#going.delete(group);
    this.#ring();
  }
}

function placeOf(thread: number): number {
  return 1 + 2 * thread;
}
