/** Numbers and bytes that there is room for at first. */
const first = { numbers: 4096, bytes: 64 * 1024 };

/**
 * Memory that this thread and the Rust side both see, where values cross: numbers, one for each scalar, length and case, and the bytes of
 * texts and byte lists. What one side wrote, the other one reads from its start on, before it writes anything itself.
 */
export class Exchange {
  readonly #share: (numbers: Float64Array, bytes: Uint8Array) => void;
  #numbers = new Float64Array(0);
  #integers = new BigInt64Array(0);
  #bytes = Buffer.alloc(0);
  /** Where the next number and the next byte stand. */
  #at = 0;
  #byteAt = 0;

  /** `share` tells the Rust side where it is. */
  constructor(share: (numbers: Float64Array, bytes: Uint8Array) => void) {
    this.#share = share;
    this.reserve(first.numbers, first.bytes);
  }

  /** To the start, for reading or for writing. */
  rewind(): void {
    this.#at = 0;
    this.#byteAt = 0;
  }

  number(): number {
    return this.#numbers[this.#at++] ?? 0;
  }

  integer(): bigint {
    return this.#integers[this.#at++] ?? 0n;
  }

  text(): string {
    const from = this.#skipBytes();
    return this.#bytes.toString(undefined, from, this.#byteAt);
  }

  byteList(): Uint8Array {
    const from = this.#skipBytes();
    return new Uint8Array(this.#bytes.subarray(from, this.#byteAt));
  }

  #skipBytes(): number {
    const from = this.#byteAt;
    this.#byteAt += this.number();
    return from;
  }

  putNumber(value: number): void {
    if (this.#at === this.#numbers.length) this.reserve(2 * this.#at, 0);
    this.#numbers[this.#at++] = value;
  }

  /** Its lowest 64 bits. */
  putInteger(value: bigint): void {
    if (this.#at === this.#integers.length) this.reserve(2 * this.#at, 0);
    this.#integers[this.#at++] = value;
  }

  /** As UTF-8; lone surrogates become U+FFFD. */
  putText(text: string): void {
    this.reserve(0, this.#byteAt + 3 * text.length);
    const length = this.#bytes.write(text, this.#byteAt);
    this.#byteAt += length;
    this.putNumber(length);
  }

  putBytes(bytes: Uint8Array): void {
    this.reserve(0, this.#byteAt + bytes.length);
    this.#bytes.set(bytes, this.#byteAt);
    this.#byteAt += bytes.length;
    this.putNumber(bytes.length);
  }

  /** Makes room for so many in all; what is there stays. */
  reserve(numbers: number, bytes: number): void {
    if (numbers <= this.#numbers.length && bytes <= this.#bytes.length) return;
    if (numbers > this.#numbers.length) {
      const grown = new Float64Array(Math.max(numbers, 2 * this.#numbers.length));
      grown.set(this.#numbers);
      this.#numbers = grown;
      this.#integers = new BigInt64Array(grown.buffer);
    }
    if (bytes > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(bytes, 2 * this.#bytes.length));
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    this.#share(this.#numbers, this.#bytes);
  }
}
