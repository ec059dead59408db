/** The bytes are not a WebAssembly component, or one that uses what this host does not know. */
export class ComponentFormatError extends Error {
  override readonly name = 'ComponentFormatError';
}

const text = new TextDecoder('utf-8', { fatal: true });

/** Reads the primitives of the WebAssembly binary format: bytes, LEB128 integers, names, vectors. Throws ComponentFormatError. */
export class Reader {
  readonly bytes: Uint8Array;
  position: number;
  readonly end: number;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    const value = this.position < this.end ? this.bytes[this.position++] : undefined;
    if (value === undefined) throw new ComponentFormatError(`unexpected end at byte ${this.position}`);
    return value;
  }

  peek(): number {
    const value = this.byte();
    this.position--;
    return value;
  }

  expect(value: number, what: string): void {
    const found = this.byte();
    if (found !== value)
      throw new ComponentFormatError(`${what}: expected byte 0x${hex(value)}, found 0x${hex(found)}`);
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      result += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) {
        if (result > 0xffff_ffff) break;
        return result;
      }
    }
    throw new ComponentFormatError(`integer too large at byte ${this.position}`);
  }

  /** Steps over a signed or unsigned LEB128 of any width up to 64 bits. */
  skipInteger(): void {
    for (let count = 0; count < 10; count++) if ((this.byte() & 0x80) === 0) return;
    throw new ComponentFormatError(`integer too large at byte ${this.position}`);
  }

  skip(count: number): void {
    if (count > this.end - this.position) throw new ComponentFormatError(`unexpected end at byte ${this.end}`);
    this.position += count;
  }

  take(count: number): Uint8Array {
    const from = this.position;
    this.skip(count);
    return this.bytes.subarray(from, this.position);
  }

  string(): string {
    const bytes = this.take(this.u32());
    try {
      return text.decode(bytes);
    } catch (cause) {
      throw new ComponentFormatError(`a name is not UTF-8 at byte ${this.position}`, { cause });
    }
  }

  vector<T>(item: () => T): T[] {
    const count = this.u32();
    if (count > this.end - this.position) throw new ComponentFormatError(`vector of ${count} items runs past the end`);
    return Array.from({ length: count }, item);
  }

  /** A reader of the next `size` bytes, which are stepped over here. */
  section(size: number): Reader {
    const from = this.position;
    this.skip(size);
    return new Reader(this.bytes, from, this.position);
  }
}

export function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}
