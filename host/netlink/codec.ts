import type { Source } from './source.ts';
import { sourceOf } from './source.ts';
import type { Writer } from './writer.ts';
import { writing } from './writer.ts';

/** The half of a codec that reads. Throws NetlinkDecodeError and nothing else. */
export interface Decoder<T> {
  /** Takes all of the bytes. The result never shares memory with them: receive buffers are used again. */
  decode(bytes: Uint8Array): T;
}

/**
 * How a value stands in the payload of an attribute or a message; read and written by the same declaration.
 * Pure. What writes throws NetlinkEncodeError for a value that does not fit, and nothing else.
 */
export interface Codec<T> extends Decoder<T> {
  encode(value: T): Uint8Array;
  /** Appends the value to what is being written. */
  write(out: Writer, value: T): void;
  /** Reads the bytes from `from` to before `to`, all of them. */
  read(source: Source, from: number, to: number): T;
}

export type Decoded<C> = C extends Decoder<infer T> ? T : never;

/** A codec by what it does in the midst of a message. */
export function codec<T>({ write, read }: Pick<Codec<T>, 'write' | 'read'>): Codec<T> {
  return {
    write,
    read,
    encode: (value) => writing((out) => write(out, value)),
    decode: (bytes) => read(sourceOf(bytes), bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  };
}
