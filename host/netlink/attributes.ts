import type { Codec } from './codec.ts';
import { NetlinkDecodeError, NetlinkEncodeError } from './decode-error.ts';
import { alignTo, u16 } from './fixed.ts';

/** linux/netlink.h: `struct nlattr` is the length, itself included, and the type with two flags on top. */
const headerSize = 4;
const NLA_F_NESTED = 0x8000;
const typeMask = 0x3fff;
const longest = 0xffff;

/** One attribute of a set: its number and how its payload reads. */
export interface Attribute<T> {
  readonly type: number;
  readonly codec: Codec<T>;
  /** NLA_F_NESTED is written; when reading, it does not matter. */
  readonly nested: boolean;
}

export type Attributes = Readonly<Record<string, Attribute<unknown> | RepeatedAttribute<unknown>>>;
export interface RepeatedAttribute<T> extends Attribute<T> {
  readonly repeated: true;
}

export type AttributeValues<A> = {
  readonly [K in keyof A]?:
    | (A[K] extends RepeatedAttribute<infer T> ? readonly T[] : A[K] extends Attribute<infer T> ? T : never)
    | undefined;
};

export interface AttributeSet<A extends Attributes> extends Codec<AttributeValues<A>> {
  readonly attributes: A;
}

/** Attribute `type` of the set it is declared in. One that is there twice counts the last time, as in the kernel. */
export function attribute<T>(type: number, codec: Codec<T>): Attribute<T> {
  return { type, codec, nested: 'attributes' in codec && !('header' in codec) };
}

/** An attribute that may be there several times, in order. */
export function repeated<T>(type: number, codec: Codec<T>): RepeatedAttribute<T> {
  return { ...attribute(type, codec), repeated: true };
}

/** A set of attributes. Absent and undefined ones are not written; those that nobody declared are passed over when reading. */
export function attributes<const A extends Attributes>(declared: A): AttributeSet<A> {
  const entries = Object.entries(declared);
  const byType = new Map(entries.map(([name, attribute]) => [attribute.type, { name, attribute }]));
  return {
    attributes: declared,
    encode: (values) => {
      const given: Readonly<Record<string, unknown>> = values;
      return concatenate(entries.flatMap(([name, attribute]) => encodeAttribute(name, attribute, given[name])));
    },
    decode: (bytes) => {
      const values: Record<string, unknown> = {};
      visit(bytes, (type, start, end) => {
        const found = byType.get(type);
        if (found === undefined) return;
        const { name, attribute } = found;
        const value = decodePayload(name, attribute, bytes.subarray(start, end));
        if (!('repeated' in attribute)) values[name] = value;
        else values[name] = [...((values[name] as unknown[] | undefined) ?? []), value];
      });
      return values as AttributeValues<A>;
    },
  };
}

function encodeAttribute(name: string, attribute: Attribute<unknown>, value: unknown): Uint8Array[] {
  if (value === undefined) return [];
  if ('repeated' in attribute && Array.isArray(value)) return value.map((item) => frame(name, attribute, item));
  return [frame(name, attribute, value)];
}

function frame(name: string, { type, codec, nested }: Attribute<unknown>, value: unknown): Uint8Array {
  const payload = codec.encode(value);
  const length = headerSize + payload.length;
  if (length > longest)
    throw new NetlinkEncodeError(`${name} has ${payload.length} bytes, more than an attribute holds`);
  const bytes = new Uint8Array(alignTo(length, 4));
  const view = new DataView(bytes.buffer);
  u16.write(view, 0, length);
  u16.write(view, 2, nested ? type | NLA_F_NESTED : type);
  bytes.set(payload, headerSize);
  return bytes;
}

function decodePayload(name: string, { codec }: Attribute<unknown>, payload: Uint8Array): unknown {
  try {
    return codec.decode(payload);
  } catch (error) {
    throw error instanceof NetlinkDecodeError ? error.within(name) : error;
  }
}

/** A link has some forty attributes, few of which are of interest: nothing is made for the others. */
function visit(bytes: Uint8Array, visitor: (type: number, start: number, end: number) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // Fewer than four bytes at the end are padding, as NLA_OK (linux/netlink.h) has it.
  for (let offset = 0; bytes.length - offset >= headerSize; ) {
    const length = u16.read(view, offset);
    if (length < headerSize)
      throw new NetlinkDecodeError(`an attribute at byte ${offset} claims a length of ${length}`);
    if (length > bytes.length - offset) {
      throw new NetlinkDecodeError(
        `an attribute at byte ${offset} is cut off: ${bytes.length - offset} of ${length} bytes`,
      );
    }
    visitor(u16.read(view, offset + 2) & typeMask, offset + headerSize, offset + length);
    offset += alignTo(length, 4);
  }
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
