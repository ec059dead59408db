/** Numbers and bytes that there is room for at first. */
const first = { numbers: 4096, bytes: 64 * 1024 };
/** Those that may stay when a call is over. */
const most = { numbers: 128 * 1024, bytes: 1024 * 1024 };

/**
 * Memory that this thread and the Rust side both see, where values cross: numbers, one for each scalar, length and case, and the bytes of
 * texts and byte lists. What one side wrote, the other one reads from its start on, before it writes anything itself.
 */
export class Exchange {
  readonly #share: (numbers: Float64Array, bytes: Uint8Array) => boolean;
  readonly #first = { numbers: new Float64Array(first.numbers), bytes: Buffer.alloc(first.bytes) } as const;
  #numbers = new Float64Array(0);
  #integers = new BigInt64Array(0);
  #bytes = Buffer.alloc(0);
  /** Where the next number and the next byte stand. */
  #at = 0;
  #byteAt = 0;

  /** `share` tells the Rust side where it is, and whether that uses it from then on. */
  constructor(share: (numbers: Float64Array, bytes: Uint8Array) => boolean) {
    this.#share = share;
    this.#use(this.#first.numbers, this.#first.bytes);
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

  /** A text of so many bytes. */
  text(length: number): string {
    const from = this.#skipBytes(length);
    return this.#bytes.toString(undefined, from, this.#byteAt);
  }

  byteList(): Uint8Array {
    const from = this.#skipBytes(this.number());
    return new Uint8Array(this.#bytes.subarray(from, this.#byteAt));
  }

  #skipBytes(length: number): number {
    const from = this.#byteAt;
    this.#byteAt += length;
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

  /** Makes room for so many in all; what is there stays, also where there is no such room. */
  reserve(numbers: number, bytes: number): void {
    const hasNumbers = numbers <= this.#numbers.length;
    const hasBytes = bytes <= this.#bytes.length;
    if (hasNumbers && hasBytes) return;
    // Either may fail: nothing is used before there are both.
    const allNumbers = hasNumbers ? this.#numbers : new Float64Array(Math.max(numbers, 2 * this.#numbers.length));
    const allBytes = hasBytes ? this.#bytes : Buffer.alloc(Math.max(bytes, 2 * this.#bytes.length));
    if (!hasNumbers) allNumbers.set(this.#numbers);
    if (!hasBytes) this.#bytes.copy(allBytes);
    this.#use(allNumbers, allBytes);
  }

  /** What is there is needed no more. If that was a lot, the memory of it is given up. */
  trim(): void {
    if (this.#numbers.length <= most.numbers && this.#bytes.length <= most.bytes) return;
    this.rewind();
    this.#use(this.#first.numbers, this.#first.bytes);
  }

  /** Both sides at once; where the Rust side cannot, both stay with what they have. */
  #use(numbers: Float64Array<ArrayBuffer>, bytes: Buffer<ArrayBuffer>): void {
    const integers = new BigInt64Array(numbers.buffer);
    if (!this.#share(numbers, bytes)) throw new Error('the memory that values cross in cannot be shared');
    this.#numbers = numbers;
    this.#integers = integers;
    this.#bytes = bytes;
  }
}
