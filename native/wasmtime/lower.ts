import type { Exchange } from './exchange.ts';
import { optionCases, resultCases } from './lift.ts';
import { camelCase } from './names.ts';
import { assertLength, outwards, wrong } from './refusal.ts';
import type { Case, Field, PrimitiveKind, ValueType } from './shape.ts';
import type { Side } from './side.ts';

/** Writes a value for a guest. Nothing is converted: throws a Refusal for one that its type does not have. */
export type Lower = (value: unknown, to: Exchange, side: Side) => void;

/** How values of a type are checked and written; made once. */
export function lowering(type: ValueType): Lower {
  switch (type.kind) {
    case 'string':
      return lowerText;
    case 'record':
      return lowerRecord(type.fields);
    case 'tuple':
      return lowerTuple(type.items.map(lowering));
    case 'list':
      return type.element.kind === 'u8' ? lowerBytes : lowerList(lowering(type.element));
    case 'option':
      return type.some.kind === 'option' ? lowerCase(optionCases(type.some)) : lowerOption(lowering(type.some));
    case 'result':
      return lowerCase(resultCases(type));
    case 'variant':
      return lowerCase(type.cases);
    case 'enum':
      return lowerName(type.names);
    case 'flags':
      return lowerFlags(type.names.map(camelCase));
    case 'own':
    case 'borrow': {
      const { resource, kind } = type;
      return (value, to, side) => to.putNumber(side.numberOf(resource, value, kind === 'own'));
    }
    default:
      return lowerPrimitive(type.kind);
  }
}

function lowerText(value: unknown, to: Exchange, { limits }: Side): void {
  if (typeof value !== 'string') throw wrong('string', value);
  assertLength(value, limits.string);
  to.putText(value);
}

function lowerPrimitive(kind: Exclude<PrimitiveKind, 'string'>): Lower {
  switch (kind) {
    case 'bool':
      return (value, to) => {
        if (typeof value !== 'boolean') throw wrong(kind, value);
        to.putNumber(value ? 1 : 0);
      };
    case 's64':
      return (value, to) => {
        if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) throw wrong(kind, value);
        to.putInteger(value);
      };
    case 'u64':
      return (value, to) => {
        if (typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value) throw wrong(kind, value);
        to.putInteger(value);
      };
    case 'f32':
    case 'f64':
      return (value, to) => {
        if (typeof value !== 'number') throw wrong(kind, value);
        to.putNumber(value);
      };
    case 'char':
      return (value, to) => {
        if (typeof value !== 'string' || [...value].length !== 1 || !value.isWellFormed()) throw wrong(kind, value);
        to.putNumber(value.codePointAt(0) ?? 0);
      };
    default: {
      const range = ranges[kind];
      return (value, to) => {
        if (!isWithin(range, value)) throw wrong(kind, value);
        to.putNumber(value);
      };
    }
  }
}

function isWithin([least, most]: readonly [number, number], value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

const ranges = {
  s8: [-0x80, 0x7f],
  u8: [0, 0xff],
  s16: [-0x8000, 0x7fff],
  u16: [0, 0xffff],
  s32: [-0x8000_0000, 0x7fff_ffff],
  u32: [0, 0xffff_ffff],
} as const;

function lowerBytes(value: unknown, to: Exchange): void {
  if (value instanceof Uint8Array) {
    to.putBytes(value);
    return;
  }
  if (!isArrayLike(value)) throw wrong('a list', value);
  const bytes = new Uint8Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const byte = value[i];
    if (!isWithin(ranges.u8, byte)) throw outwards(i, wrong('u8', byte));
    bytes[i] = byte;
  }
  to.putBytes(bytes);
}

function lowerList(lower: Lower): Lower {
  return (value, to, side) => {
    if (!isArrayLike(value)) throw wrong('a list', value);
    to.putNumber(value.length);
    for (let i = 0; i < value.length; i++) lowerItem(lower, value[i], i, to, side);
  };
}

function lowerTuple(items: readonly Lower[]): Lower {
  return (value, to, side) => {
    if (!isArrayLike(value) || value.length !== items.length) throw wrong(`a tuple of ${items.length}`, value);
    for (const [i, lower] of items.entries()) lowerItem(lower, value[i], i, to, side);
  };
}

function lowerItem(lower: Lower, item: unknown, index: number, to: Exchange, side: Side): void {
  try {
    lower(item, to, side);
  } catch (error) {
    throw outwards(index, error);
  }
}

function lowerRecord(fields: readonly Field[]): Lower {
  const all = fields.map(({ name, type }) => ({ name: camelCase(name), lower: lowering(type) }));
  return (value, to, side) => {
    if (!isObject(value)) throw wrong('a record', value);
    for (const { name, lower } of all) {
      try {
        lower(value[name], to, side);
      } catch (error) {
        throw outwards(name, error);
      }
    }
  };
}

function lowerOption(lower: Lower): Lower {
  return (value, to, side) => {
    to.putNumber(value === undefined ? 0 : 1);
    if (value !== undefined) lower(value, to, side);
  };
}

function lowerCase(cases: readonly Case[]): Lower {
  const all = cases.map(({ name, type }, position) => ({ tag: name, position, lower: type && lowering(type) }));
  const byTag = new Map(all.map((one) => [one.tag as unknown, one]));
  const expected = `a variant with a tag of ${all.map(({ tag }) => tag).join(', ')}`;
  return (value, to, side) => {
    if (!isObject(value)) throw wrong('a variant { tag, val }', value);
    const found = byTag.get(value.tag);
    if (found === undefined) throw wrong(expected, value);
    to.putNumber(found.position);
    if (found.lower === undefined) return;
    try {
      found.lower(value.val, to, side);
    } catch (error) {
      throw outwards(found.tag, error);
    }
  };
}

function lowerName(names: readonly string[]): Lower {
  const positions = new Map(names.map((name, position) => [name as unknown, position]));
  return (value, to) => {
    const position = positions.get(value);
    if (position === undefined) throw wrong(`one of ${names.join(', ')}`, value);
    to.putNumber(position);
  };
}

/** Those that are left out are not set. */
function lowerFlags(names: readonly string[]): Lower {
  return (value, to) => {
    if (!isObject(value)) throw wrong('flags', value);
    for (const name of names) {
      const flag = value[name];
      if (flag !== undefined && typeof flag !== 'boolean') throw wrong(`flags with a boolean for ${name}`, value);
      to.putNumber(flag === true ? 1 : 0);
    }
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
