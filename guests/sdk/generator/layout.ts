import { type Case, type FunctionType, type Structure, structureOf, type WitType } from './model.ts';

/** Layout and flattening of values (component-model CanonicalABI.md): sizes and offsets in bytes. */
export type CoreType = 'i32' | 'i64' | 'f32' | 'f64';

/** More flat parameters than this are passed in memory. */
const mostFlatParameters = 16;

/** The cases of everything that is a choice; an option is none or some, a result ok or error. */
export function casesOf(type: Structure): readonly Case[] {
  switch (type.kind) {
    case 'variant':
      return type.cases;
    case 'enum':
      return type.labels.map((name) => ({ name, type: undefined }));
    case 'option':
      return [
        { name: 'none', type: undefined },
        { name: 'some', type: type.some },
      ];
    case 'result':
      return [
        { name: 'ok', type: type.ok },
        { name: 'error', type: type.error },
      ];
    default:
      return [];
  }
}

function membersOf(type: Structure): readonly WitType[] {
  if (type.kind === 'record') return type.fields.map((field) => field.type);
  return type.kind === 'tuple' ? type.items : [];
}

/** 1, 2 or 4 bytes. */
export function discriminantSize(count: number): 1 | 2 | 4 {
  if (count <= 0x100) return 1;
  return count <= 0x1_0000 ? 2 : 4;
}

export function alignment(wit: WitType): number {
  const type = structureOf(wit);
  switch (type.kind) {
    case 'bool':
    case 's8':
    case 'u8':
      return 1;
    case 's16':
    case 'u16':
      return 2;
    case 's64':
    case 'u64':
    case 'f64':
      return 8;
    case 'record':
    case 'tuple':
      return Math.max(1, ...membersOf(type).map(alignment));
    case 'variant':
    case 'enum':
    case 'option':
    case 'result':
      return Math.max(discriminantSize(casesOf(type).length), payloadAlignment(type));
    case 'flags':
      return flagsSize(type.labels.length);
    default:
      return 4;
  }
}

export function size(wit: WitType): number {
  const type = structureOf(wit);
  switch (type.kind) {
    case 'string':
    case 'list':
      return 8;
    case 'record':
    case 'tuple':
      return alignTo(offsets(type).end, alignment(type));
    case 'variant':
    case 'enum':
    case 'option':
    case 'result': {
      const payload = Math.max(0, ...casesOf(type).map((one) => (one.type === undefined ? 0 : size(one.type))));
      return alignTo(payloadOffset(type) + payload, alignment(type));
    }
    case 'flags':
      return flagsSize(type.labels.length);
    default:
      return alignment(type);
  }
}

/** Where each member of a record or tuple stands, and where the last one ends. */
export function offsets(type: Structure): { readonly at: readonly number[]; readonly end: number } {
  let end = 0;
  const at = membersOf(type).map((member) => {
    const start = alignTo(end, alignment(member));
    end = start + size(member);
    return start;
  });
  return { at, end };
}

export function payloadOffset(type: Structure): number {
  return alignTo(discriminantSize(casesOf(type).length), payloadAlignment(type));
}

/** The core values that a value becomes as a parameter or result. */
export function flatten(wit: WitType): CoreType[] {
  const type = structureOf(wit);
  switch (type.kind) {
    case 's64':
    case 'u64':
      return ['i64'];
    case 'f32':
      return ['f32'];
    case 'f64':
      return ['f64'];
    case 'string':
    case 'list':
      return ['i32', 'i32'];
    case 'record':
    case 'tuple':
      return membersOf(type).flatMap(flatten);
    case 'variant':
    case 'option':
    case 'result':
      return ['i32', ...flattenCases(type)];
    default:
      return ['i32'];
  }
}

export interface Signature {
  readonly parameters: readonly CoreType[];
  readonly results: readonly CoreType[];
  /** Parameters are in memory, and one pointer is passed. */
  readonly spilled: boolean;
  /** The result is in memory: of the caller's for an import, who passes a pointer; of the guest's for an export, which returns one. */
  readonly returnsPointer: boolean;
}

/** The core function behind a function of an interface. */
export function signature({ parameters, result }: FunctionType, direction: 'import' | 'export'): Signature {
  const flat = parameters.flatMap((one) => flatten(one.type));
  const spilled = flat.length > mostFlatParameters;
  const flatResult = result === undefined ? [] : flatten(result);
  const returnsPointer = flatResult.length > 1;
  const passed: CoreType[] = spilled ? ['i32'] : flat;
  if (!returnsPointer) return { parameters: passed, results: flatResult, spilled, returnsPointer };
  return direction === 'import'
    ? { parameters: [...passed, 'i32'], results: [], spilled, returnsPointer }
    : { parameters: passed, results: ['i32'], spilled, returnsPointer };
}

function payloadAlignment(type: Structure): number {
  return Math.max(1, ...casesOf(type).map((one) => (one.type === undefined ? 1 : alignment(one.type))));
}

function flagsSize(count: number): 1 | 2 | 4 {
  if (count <= 8) return 1;
  return count <= 16 ? 2 : 4;
}

/** Each place takes what any case has there: the same type, or bits wide enough for all. */
function flattenCases(type: Structure): CoreType[] {
  const joined: CoreType[] = [];
  for (const { type: payload } of casesOf(type)) {
    if (payload === undefined) continue;
    for (const [i, flat] of flatten(payload).entries())
      joined[i] = joined[i] === undefined ? flat : join(joined[i], flat);
  }
  return joined;
}

function join(a: CoreType, b: CoreType): CoreType {
  if (a === b) return a;
  const narrow = (type: CoreType) => type === 'i32' || type === 'f32';
  return narrow(a) && narrow(b) ? 'i32' : 'i64';
}

function alignTo(offset: number, to: number): number {
  return Math.ceil(offset / to) * to;
}
