import { endianness } from 'node:os';
import type { Codec } from './codec.ts';
import { NetlinkDecodeError, NetlinkEncodeError } from './decode-error.ts';

/** A value of a fixed size in bytes, laid out as C does: at a multiple of its alignment. */
export interface Fixed<T> extends Codec<T> {
  readonly size: number;
  readonly alignment: number;
  read(view: DataView, offset: number): T;
  write(view: DataView, offset: number, value: T): void;
}

const littleEndian = endianness() === 'LE';

/** Numbers are in host byte order, save those named `be` (network byte order). */
export const u8 = integer(1, 0, 0xff, {
  read: (view, offset) => view.getUint8(offset),
  write: (view, offset, value) => view.setUint8(offset, value),
});
export const u16 = integer(2, 0, 0xffff, {
  read: (view, offset) => view.getUint16(offset, littleEndian),
  write: (view, offset, value) => view.setUint16(offset, value, littleEndian),
});
export const u16be = integer(2, 0, 0xffff, {
  read: (view, offset) => view.getUint16(offset),
  write: (view, offset, value) => view.setUint16(offset, value),
});
export const u32 = integer(4, 0, 0xffff_ffff, {
  read: (view, offset) => view.getUint32(offset, littleEndian),
  write: (view, offset, value) => view.setUint32(offset, value, littleEndian),
});
export const u32be = integer(4, 0, 0xffff_ffff, {
  read: (view, offset) => view.getUint32(offset),
  write: (view, offset, value) => view.setUint32(offset, value),
});
export const s32be = integer(4, -0x8000_0000, 0x7fff_ffff, {
  read: (view, offset) => view.getInt32(offset),
  write: (view, offset, value) => view.setInt32(offset, value),
});
/** As far as numbers go: 2^53 - 1. */
export const u64be = integer(8, 0, Number.MAX_SAFE_INTEGER, {
  read: (view, offset) => Number(view.getBigUint64(offset)),
  write: (view, offset, value) => view.setBigUint64(offset, BigInt(value)),
});
export const s32 = integer(4, -0x8000_0000, 0x7fff_ffff, {
  read: (view, offset) => view.getInt32(offset, littleEndian),
  write: (view, offset, value) => view.setInt32(offset, value, littleEndian),
});

type Access = Pick<Fixed<number>, 'read' | 'write'>;

function integer(size: number, least: number, greatest: number, access: Access): Fixed<number> {
  return fixed(size, size, {
    read: access.read,
    write: (view, offset, value) => {
      if (!Number.isInteger(value) || value < least || value > greatest) {
        throw new NetlinkEncodeError(`${value} is not an integer from ${least} to ${greatest}`);
      }
      access.write(view, offset, value);
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
    read: (view, base) => {
      const value: Record<string, unknown> = {};
      for (const { name, field, offset } of places) value[name] = field.read(view, base + offset);
      return value as StructValue<F>;
    },
    write: (view, base, value) => {
      const byName: Readonly<Record<string, unknown>> = value;
      for (const { name, field, offset } of places) field.write(view, base + offset, byName[name]);
    },
  });
  return { ...layout, fields };
}

/** The next multiple of `alignment`, a power of two. */
export function alignTo(offset: number, alignment: number): number {
  return (offset + alignment - 1) & ~(alignment - 1);
}

function fixed<T>(size: number, alignment: number, access: Pick<Fixed<T>, 'read' | 'write'>): Fixed<T> {
  return {
    size,
    alignment,
    ...access,
    encode: (value) => {
      const bytes = new Uint8Array(size);
      access.write(new DataView(bytes.buffer), 0, value);
      return bytes;
    },
    decode: (bytes) => {
      if (bytes.length !== size) throw new NetlinkDecodeError(`has ${bytes.length} bytes instead of ${size}`);
      return access.read(new DataView(bytes.buffer, bytes.byteOffset, size), 0);
    },
  };
}
