/** What is counted: a number that only grows, or how many values there were below each bound. */
export type FamilyKind = 'counter' | 'histogram';

/** Upper bounds of histograms, in seconds: a call takes milliseconds. */
export const bounds = [
  ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
  ...[1, 2.5, 5, 10, 30],
] as const;

/** Of a histogram: a number for each bound and for what is above them, and their sum. */
export const histogramSize = bounds.length + 2;

/** Numbers of one family with the same labels, from `slot` on. */
export interface Series {
  readonly family: string;
  readonly labels: string;
  readonly slot: number;
  readonly kind: FamilyKind;
}

/** 256 KiB, of which those pages cost anything that are written to. */
const slots = 32_768;

/**
 * What one thread counts, in memory that others read. A series is announced when it begins, and costs an addition then. Where there
 * is no room for more series, what is counted in them is lost, and `lost` says how often.
 */
export class Tally {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Float64Array;
  readonly #announce: (series: Series) => void;
  readonly #known = new Map<string, number>();
  #next = 1;

  constructor(memory: SharedArrayBuffer, announce: (series: Series) => void) {
    this.memory = memory;
    this.#numbers = new Float64Array(memory);
    this.#announce = announce;
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(slots * Float64Array.BYTES_PER_ELEMENT);
  }

  /** Labels as OpenMetrics writes them: `type="bridge",verb="ADD"`. */
  count(family: string, labels: string): void {
    this.countAt(this.counter(family, labels));
  }

  /** The place of a counter, for `countAt`. */
  counter(family: string, labels: string): number {
    return this.#slotOf(family, labels, 'counter');
  }

  countAt(counter: number): void {
    this.#add(counter, 1);
  }

  observe(family: string, labels: string, seconds: number): void {
    const slot = this.#slotOf(family, labels, 'histogram');
    const bucket = bounds.findIndex((bound) => seconds <= bound);
    this.#add(slot === 0 ? 0 : slot + (bucket < 0 ? bounds.length : bucket), 1);
    if (slot !== 0) this.#add(slot + bounds.length + 1, seconds);
  }

  #add(slot: number, value: number): void {
    this.#numbers[slot] = (this.#numbers[slot] ?? 0) + value;
  }

  /** 0 where there is no room. */
  #slotOf(family: string, labels: string, kind: FamilyKind): number {
    const key = `${family} ${labels}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const size = kind === 'counter' ? 1 : histogramSize;
    if (this.#next + size > this.#numbers.length) return 0;
    const slot = this.#next;
    this.#next += size;
    this.#known.set(key, slot);
    this.#announce({ family, labels, slot, kind });
    return slot;
  }
}
