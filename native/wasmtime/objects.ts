import { Refusal } from './refusal.ts';

interface Entry {
  readonly object: object;
  /** For the time of a call only. */
  readonly lent: boolean;
  readonly serial: number;
}

/** The host's objects that a guest has handles of, by number. */
export class HostObjects {
  readonly #entries: (Entry | undefined)[] = [];
  readonly #free: number[] = [];
  #owned = 0;
  #lent = 0;
  #serial = 0;

  /** An object that the guest is to own, of so many at most. Returns its number. Throws a Refusal. */
  give(object: object, most: number): number {
    if (this.#owned >= most)
      throw new Refusal({
        limit: 'handles',
        tooMany: () => `the guest holds ${most} handles, which is its limit`,
      });
    this.#owned++;
    return this.#add(object, false);
  }

  /** One that it may use until the call is over. */
  lend(object: object): number {
    this.#lent++;
    return this.#add(object, true);
  }

  #add(object: object, lent: boolean): number {
    const number = this.#free.pop() ?? this.#entries.length;
    this.#entries[number] = { object, lent, serial: this.#serial++ };
    return number;
  }

  get(number: number): object | undefined {
    return this.#entries[number]?.object;
  }

  /** The guest has it no more. */
  take(number: number): object | undefined {
    const entry = this.#entries[number];
    if (entry === undefined) return undefined;
    this.#entries[number] = undefined;
    this.#free.push(number);
    if (entry.lent) this.#lent--;
    else this.#owned--;
    return entry.object;
  }

  /** Objects that are added from here on are known by it. */
  get mark(): number {
    return this.#serial;
  }

  /** The guest has none of those any more that were added since. */
  takeBack(mark: number): void {
    if (this.#serial === mark) return;
    for (const [number, entry] of this.#entries.entries())
      if (entry !== undefined && entry.serial >= mark) this.take(number);
  }

  /** The call is over: what was lent for it is the guest's no more. */
  endLoans(): void {
    if (this.#lent === 0) return;
    for (const [number, entry] of this.#entries.entries()) if (entry?.lent === true) this.take(number);
  }

  /** All that the guest owns, in the order in which it came by them; it has none of them any more. */
  takeAll(): readonly object[] {
    if (this.#owned === 0) return [];
    const owned = this.#entries.filter((entry) => entry?.lent === false) as Entry[];
    this.#entries.length = 0;
    this.#free.length = 0;
    this.#owned = 0;
    this.#lent = 0;
    return owned.toSorted((a, b) => a.serial - b.serial).map(({ object }) => object);
  }
}
