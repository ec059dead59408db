/** Memory that is read, by positions in it: nothing is made for a part of it. */
export interface Source {
  readonly view: DataView;
  readonly bytes: Buffer;
}

let last: Source & { readonly memory: ArrayBufferLike } = over(new ArrayBuffer(0));

/** All of the memory that the bytes lie in, where they begin at `byteOffset`. Mostly it is the one before, the thread's receive buffer. */
export function sourceOf({ buffer }: Uint8Array): Source {
  if (last.memory !== buffer) last = over(buffer);
  return last;
}

function over(memory: ArrayBufferLike) {
  return { memory, view: new DataView(memory), bytes: Buffer.from(memory) };
}
