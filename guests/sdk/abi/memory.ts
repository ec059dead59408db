// How values cross between guest and host (component-model CanonicalABI.md), for the bindings. An instance serves one call and is
// thrown away, so nothing that crosses is freed. What crosses lies in unmanaged blocks, which are 16-aligned.

/** Called by the host for room in our memory. Size 0 has no room: any aligned address will do. */
export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  if (size == 0) return align;
  const block = heap.alloc(size);
  if (oldSize != 0) memory.copy(block, old, min(oldSize, size));
  return block;
}

/** Flat values on their way in or out, as bits. A function has 16 of them at most. */
const flats: usize = memory.data(32 * 8, 8);
let position: usize = 0;

export function rewind(): void {
  position = 0;
}

export function push(bits: u64): void {
  store<u64>(flats + position, bits);
  position += 8;
}

export function pull(): u64 {
  const bits = load<u64>(flats + position);
  position += 8;
  return bits;
}

/** A case that is narrower than the widest one leaves places empty. */
export function pad(count: i32): void {
  for (let i = 0; i < count; i++) push(0);
}

export function skip(count: i32): void {
  position += (<usize>count) << 3;
}

export function flat(index: i32): u64 {
  return load<u64>(flats + ((<usize>index) << 3));
}

export function liftString(data: usize, length: usize): string {
  if (length == 0) return '';
  const text = changetype<string>(__new(length << 1, idof<string>()));
  memory.copy(changetype<usize>(text), data, length << 1);
  return text;
}

export function loadString(at: usize): string {
  return liftString(load<usize>(at), load<usize>(at, 4));
}

/** The host reads the text where it is: no collector moves it. */
export function storeString(at: usize, text: string): void {
  store<usize>(at, changetype<usize>(wellFormed(text)));
  store<usize>(at, text.length, 4);
}

export function pushString(text: string): void {
  push(changetype<usize>(wellFormed(text)));
  push(text.length);
}

/** The text with U+FFFD for each surrogate without its partner: that is no text for the component model, and ends the guest on some engines. */
function wellFormed(text: string): string {
  const length = text.length;
  let copy: usize = 0;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if ((unit & 0xf800) != 0xd800) continue;
    if (unit < 0xdc00 && i + 1 < length && (text.charCodeAt(i + 1) & 0xfc00) == 0xdc00) {
      i++;
      continue;
    }
    if (copy == 0) copy = changetype<usize>(liftString(changetype<usize>(text), length));
    store<u16>(copy + ((<usize>i) << 1), 0xfffd);
  }
  return copy == 0 ? text : changetype<string>(copy);
}

export function pullString(): string {
  const data = <usize>pull();
  return liftString(data, <usize>pull());
}

export function liftBytes(data: usize, length: i32): Uint8Array {
  const bytes = new Uint8Array(length);
  memory.copy(bytes.dataStart, data, length);
  return bytes;
}

/** Surrogates are no characters. */
export function character(code: u32): u32 {
  assert(code < 0xd800 || (code > 0xdfff && code < 0x110000), 'not a Unicode scalar value');
  return code;
}
