/** The half of a codec that reads. Throws NetlinkDecodeError and nothing else. */
export interface Decoder<T> {
  /** Takes all of the bytes. The result never shares memory with them: receive buffers are used again. */
  decode(bytes: Uint8Array): T;
}

/**
 * How a value stands in the payload of an attribute or a message; read and written by the same declaration.
 * Pure. `encode` throws NetlinkEncodeError for a value that does not fit, and nothing else.
 */
export interface Codec<T> extends Decoder<T> {
  encode(value: T): Uint8Array;
}

export type Decoded<C> = C extends Decoder<infer T> ? T : never;
