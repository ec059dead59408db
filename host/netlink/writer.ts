import { NetlinkEncodeError } from './decode-error.ts';

/** A message in the making: bytes are appended, or put where room was left for them. Offsets count from its start. */
export class Writer {
  bytes = Buffer.alloc(4096);
  length = 0;
  #view = new DataView(this.bytes.buffer);

  /** Leaves room for so many bytes, which are zero, and returns where. */
  skip(count: number): number {
    const at = this.length;
    this.#reserve(at + count);
    this.bytes.fill(0, at, at + count);
    this.length = at + count;
    return at;
  }

  /** Zeros up to the next multiple of four. */
  align(): void {
    const missing = -this.length & 3;
    if (missing > 0) this.skip(missing);
  }

  append(bytes: Uint8Array): void {
    this.#reserve(this.length + bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** UTF-8. */
  appendText(text: string): void {
    this.#reserve(this.length + text.length * 3);
    this.length += this.bytes.write(text, this.length);
  }

  /** What numbers are put into; another one after it has grown. */
  get view(): DataView {
    return this.#view;
  }

  #reserve(size: number): void {
    if (size <= this.bytes.length) return;
    if (size > longest) throw new NetlinkEncodeError(`a message of ${size} bytes is longer than ${longest}`);
    const grown = Buffer.alloc(Math.max(size, 2 * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** What a socket's send buffer may be set to, by default (net.core.wmem_max). */
const longest = 4 * 1024 * 1024;

/** Writers that nobody writes with; more than one where writing one thing needs another one written. */
const idle: Writer[] = [];

/** What `write` appends, in memory of its own. */
export function writing(write: (out: Writer) => void): Uint8Array {
  const out = idle.pop() ?? new Writer();
  try {
    out.length = 0;
    write(out);
    const bytes = Buffer.allocUnsafe(out.length);
    out.bytes.copy(bytes, 0, 0, out.length);
    return bytes;
  } finally {
    idle.push(out);
  }
}
