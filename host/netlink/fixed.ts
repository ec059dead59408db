import { endianness } from 'node:os';
import { type Codec, codec } from './codec.ts';
import { NetlinkDecodeError, NetlinkEncodeError } from './decode-error.ts';

/** A value of a fixed size in bytes, laid out as C does: at a multiple of its alignment. */
export interface Fixed<T> extends Codec<T> {
  readonly size: number;
  readonly alignment: number;
  get(view: DataView, at: number): T;
  set(view: DataView, at: number, value: T): void;
}

const littleEndian = endianness() === 'LE';

/** Numbers are in host byte order, save those named `be` (network byte order). */
export const u8 = integer(1, 0, 0xff, {
  get: (view, at) => view.getUint8(at),
  set: (view, at, value) => view.setUint8(at, value),
});
export const u16 = integer(2, 0, 0xffff, {
  get: (view, at) => view.getUint16(at, littleEndian),
  set: (view, at, value) => view.setUint16(at, value, littleEndian),
});
export const u16be = integer(2, 0, 0xffff, {
  get: (view, at) => view.getUint16(at),
  set: (view, at, value) => view.setUint16(at, value),
});
export const u32 = integer(4, 0, 0xffff_ffff, {
  get: (view, at) => view.getUint32(at, littleEndian),
  set: (view, at, value) => view.setUint32(at, value, littleEndian),
});
export const u32be = integer(4, 0, 0xffff_ffff, {
  get: (view, at) => view.getUint32(at),
  set: (view, at, value) => view.setUint32(at, value),
});
export const s32be = integer(4, -0x8000_0000, 0x7fff_ffff, {
  get: (view, at) => view.getInt32(at),
  set: (view, at, value) => view.setInt32(at, value),
});
/** As far as numbers go: 2^53 - 1. */
export const u64be = integer(8, 0, Number.MAX_SAFE_INTEGER, {
  get: (view, at) => Number(view.getBigUint64(at)),
  set: (view, at, value) => view.setBigUint64(at, BigInt(value)),
});
export const s32 = integer(4, -0x8000_0000, 0x7fff_ffff, {
  get: (view, at) => view.getInt32(at, littleEndian),
  set: (view, at, value) => view.setInt32(at, value, littleEndian),
});

type Access<T> = Pick<Fixed<T>, 'get' | 'set'>;

function integer(size: number, least: number, greatest: number, access: Access<number>): Fixed<number> {
  return fixed(size, size, {
    get: access.get,
    set: (view, at, value) => {
      if (!Number.isInteger(value) || value < least || value > greatest) {
        throw new NetlinkEncodeError(`${value} is not an integer from ${least} to ${greatest}`);
      }
      access.set(view, at, value);
    },
  });
}

type Fields = Readonly<Record<string, Fixed<unknown>>>;
export type StructValue<F> = { readonly [K in keyof F]: F[K] extends Fixed<infer T> ? T : never };

/** A C struct of these fields in this order, with the padding that C puts between and after them. Fields are numbers or structs. */
export function struct<const F extends Fields>(fields: F): Fixed<StructValue<F>> & { readonly fields: F } {
  let end = 0;
  let alignment = 1;
  const places = Object.entries(fields).map(([name, field]) => {
    const offset = alignTo(end, field.alignment);
    end = offset + field.size;
    alignment = Math.max(alignment, field.alignment);
    return { name, field, offset };
  });
  const layout = fixed<StructValue<F>>(alignTo(end, alignment), alignment, {
    get: (view, at) => {
      const value: Record<string, unknown> = {};
      for (const { name, field, offset } of places) value[name] = field.get(view, at + offset);
      return value as StructValue<F>;
    },
    set: (view, at, value) => {
      const byName: Readonly<Record<string, unknown>> = value;
      for (const { name, field, offset } of places) field.set(view, at + offset, byName[name]);
    },
  });
  return { ...layout, fields };
}

/** The next multiple of `alignment`, a power of two. */
export function alignTo(offset: number, alignment: number): number {
  return (offset + alignment - 1) & ~(alignment - 1);
}

function fixed<T>(size: number, alignment: number, { get, set }: Access<T>): Fixed<T> {
  return {
    ...{ size, alignment, get, set },
    ...codec<T>({
      write: (out, value) => {
        const at = out.skip(size);
        set(out.view, at, value);
      },
      read: ({ view }, from, to) => {
        if (to - from !== size) throw new NetlinkDecodeError(`has ${to - from} bytes instead of ${size}`);
        return get(view, from);
      },
    }),
  };
}
