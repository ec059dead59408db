import { type Codec, codec } from './codec.ts';
import { NetlinkDecodeError, NetlinkEncodeError } from './decode-error.ts';
import { alignTo, u16 } from './fixed.ts';
import type { Source } from './source.ts';
import type { Writer } from './writer.ts';

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
  /** Reads into an object that may have other members already. */
  readInto(values: Record<string, unknown>, source: Source, from: number, to: number): void;
}

/** Attribute `type` of the set it is declared in. One that is there twice counts the last time, as in the kernel. */
export function attribute<T>(type: number, codec: Codec<T>): Attribute<T> {
  return { type, codec, nested: 'attributes' in codec && !('header' in codec) };
}

/** An attribute that may be there several times, in order. */
export function repeated<T>(type: number, codec: Codec<T>): RepeatedAttribute<T> {
  return { ...attribute(type, codec), repeated: true };
}

interface Named {
  readonly name: string;
  readonly attribute: Attribute<unknown>;
  readonly isRepeated: boolean;
}

/** A set of attributes. Absent and undefined ones are not written; those that nobody declared are passed over when reading. */
export function attributes<const A extends Attributes>(declared: A): AttributeSet<A> {
  const all: Named[] = Object.entries(declared).map(([name, attribute]) => {
    return { name, attribute, isRepeated: 'repeated' in attribute };
  });
  /** A link has some forty attributes, few of which are of interest: by their numbers. */
  const byType: (Named | undefined)[] = [];
  for (const one of all) byType[one.attribute.type] = one;
  const readInto = (values: Record<string, unknown>, source: Source, from: number, to: number) => {
    const { view } = source;
    // Fewer than four bytes at the end are padding, as NLA_OK (linux/netlink.h) has it.
    for (let at = from; to - at >= headerSize; ) {
      const length = u16.get(view, at);
      if (length < headerSize || length > to - at) throw malformed(at - from, length, to - at);
      const found = byType[u16.get(view, at + 2) & typeMask];
      if (found !== undefined) readOne(values, found, source, at + headerSize, at + length);
      at += alignTo(length, 4);
    }
  };
  return {
    attributes: declared,
    readInto,
    ...codec<AttributeValues<A>>({
      write: (out, values) => {
        const given: Readonly<Record<string, unknown>> = values;
        for (const one of all) {
          const value = given[one.name];
          if (value === undefined) continue;
          if (one.isRepeated && Array.isArray(value)) for (const item of value) writeOne(out, one, item);
          else writeOne(out, one, value);
        }
      },
      read: (source, from, to) => {
        const values: Record<string, unknown> = {};
        readInto(values, source, from, to);
        return values as AttributeValues<A>;
      },
    }),
  };
}

function writeOne(out: Writer, { name, attribute: { type, codec, nested } }: Named, value: unknown): void {
  const at = out.skip(headerSize);
  codec.write(out, value);
  const length = out.length - at;
  if (length > longest)
    throw new NetlinkEncodeError(`${name} has ${length - headerSize} bytes, more than an attribute holds`);
  u16.set(out.view, at, length);
  u16.set(out.view, at + 2, nested ? type | NLA_F_NESTED : type);
  out.align();
}

function readOne(
  values: Record<string, unknown>,
  { name, attribute: { codec }, isRepeated }: Named,
  source: Source,
  from: number,
  to: number,
): void {
  let value: unknown;
  try {
    value = codec.read(source, from, to);
  } catch (error) {
    throw error instanceof NetlinkDecodeError ? error.within(name) : error;
  }
  if (!isRepeated) values[name] = value;
  else values[name] = [...((values[name] as unknown[] | undefined) ?? []), value];
}

function malformed(offset: number, length: number, rest: number): NetlinkDecodeError {
  if (length < headerSize) return new NetlinkDecodeError(`an attribute at byte ${offset} claims a length of ${length}`);
  return new NetlinkDecodeError(`an attribute at byte ${offset} is cut off: ${rest} of ${length} bytes`);
}
