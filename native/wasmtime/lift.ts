import type { Exchange } from './exchange.ts';
import { camelCase } from './names.ts';
import { outwards, tooLong } from './refusal.ts';
import type { Case, Field, ValueType } from './shape.ts';
import type { Side } from './side.ts';

/** Reads a value that a guest gave. Throws a Refusal for a text that is too long. */
export type Lift = (from: Exchange, side: Side) => unknown;

/** How values of a type are read; made once. wasmtime has checked them against it. */
export function lifting(type: ValueType): Lift {
  switch (type.kind) {
    case 'bool':
      return (from) => from.number() === 1;
    case 's64':
      return (from) => from.integer();
    case 'u64':
      return (from) => BigInt.asUintN(64, from.integer());
    case 'char':
      return (from) => String.fromCodePoint(from.number());
    case 'string':
      return (from, { limits }) => {
        const length = from.number();
        // Of one that is too long, only its units are told.
        if (length < 0) throw tooLong(-length, limits.string);
        return from.text(length);
      };
    case 'record':
      return liftRecord(type.fields);
    case 'tuple':
      return liftTuple(type.items.map(lifting));
    case 'list':
      return type.element.kind === 'u8' ? (from) => from.byteList() : liftList(lifting(type.element));
    case 'option':
      return type.some.kind === 'option' ? liftCase(optionCases(type.some)) : liftOption(lifting(type.some));
    case 'result':
      return liftCase(resultCases(type));
    case 'variant':
      return liftCase(type.cases);
    case 'enum': {
      const { names } = type;
      return (from) => names[from.number()];
    }
    case 'flags':
      return liftFlags(type.names.map(camelCase));
    case 'own':
    case 'borrow': {
      const { resource, kind } = type;
      return (from, side) => side.objectOf(resource, from.number(), kind === 'own');
    }
    default:
      return (from) => from.number();
  }
}

/** An option within an option is tagged, since `undefined` is a value of the inner one. */
export function optionCases(some: ValueType): readonly Case[] {
  return [{ name: 'none' }, { name: 'some', type: some }];
}

export function resultCases({ ok, error }: { readonly ok?: ValueType; readonly error?: ValueType }): readonly Case[] {
  return [
    { name: 'ok', ...(ok === undefined ? {} : { type: ok }) },
    { name: 'err', ...(error === undefined ? {} : { type: error }) },
  ];
}

/** A field that has no value is left out. */
function liftRecord(fields: readonly Field[]): Lift {
  const all = fields.map(({ name, type }) => ({
    name: camelCase(name),
    lift: lifting(type),
    mayBeNone: type.kind === 'option' && type.some.kind !== 'option',
  }));
  return (from, side) => {
    const record: Record<string, unknown> = {};
    for (const { name, lift, mayBeNone } of all) {
      try {
        const value = lift(from, side);
        if (value !== undefined || !mayBeNone) record[name] = value;
      } catch (error) {
        throw outwards(name, error);
      }
    }
    return record;
  };
}

function liftTuple(items: readonly Lift[]): Lift {
  return (from, side) => items.map((lift, i) => liftItem(lift, i, from, side));
}

function liftList(lift: Lift): Lift {
  return (from, side) => {
    const length = from.number();
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(liftItem(lift, i, from, side));
    return items;
  };
}

function liftItem(lift: Lift, index: number, from: Exchange, side: Side): unknown {
  try {
    return lift(from, side);
  } catch (error) {
    throw outwards(index, error);
  }
}

function liftOption(lift: Lift): Lift {
  return (from, side) => (from.number() === 1 ? lift(from, side) : undefined);
}

/** `{ tag, val }`, without `val` where the case has none. */
function liftCase(cases: readonly Case[]): Lift {
  const all = cases.map(({ name, type }) => ({ tag: name, lift: type && lifting(type) }));
  return (from, side) => {
    const found = all[from.number()];
    if (found === undefined) throw new Error('there is no such case');
    const { tag, lift } = found;
    if (lift === undefined) return { tag };
    try {
      return { tag, val: lift(from, side) };
    } catch (error) {
      throw outwards(tag, error);
    }
  };
}

function liftFlags(names: readonly string[]): Lift {
  return (from) => {
    const flags: Record<string, boolean> = {};
    for (const name of names) flags[name] = from.number() === 1;
    return flags;
  };
}
