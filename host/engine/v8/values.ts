import type { PrimitiveKind, ResourceType, ValueType } from '../../component/shape.ts';
import { EngineError, limitError } from '../errors.ts';

/** How handles cross: the guest sees stand-ins, the host its own objects. */
export interface Handles {
  /** `owned` where the guest gets the object for itself, and its end closes it. */
  standIn(resource: ResourceType, object: unknown, path: string, owned: boolean): object;
  /** `owned` where the guest gives the object away. Throws EngineError `trap` for what is no handle that the guest has. */
  original(resource: ResourceType, standIn: unknown, path: string, owned: boolean): unknown;
  /** UTF-16 units. */
  readonly longestString: number;
}

/**
 * Checks a value that the host gives to the guest against its type, and puts stand-ins in place of resources. jco by
 * itself turns some wrong values into others: undefined into empty flags, a number into a u64.
 * Throws EngineError `host-value` with the path to what is wrong, `limit` for a text that is too long.
 */
export function toGuest(value: unknown, type: ValueType, path: string, handles: Handles): unknown {
  const wrong = (expected: string): never => {
    throw new EngineError('host-value', `${path}: expected ${expected}, got ${describe(value)}`);
  };
  const into = (item: unknown, itemType: ValueType, step: string) => toGuest(item, itemType, path + step, handles);
  switch (type.kind) {
    case 'record': {
      if (!isObject(value)) return wrong('a record');
      return mapFields(type.fields, (name, field) => into(value[name], field, `.${name}`));
    }
    case 'tuple':
      if (!isArrayLike(value) || value.length !== type.items.length) return wrong(`a tuple of ${type.items.length}`);
      return type.items.map((item, i) => into(value[i], item, `[${i}]`));
    case 'list':
      if (type.element.kind === 'u8' && value instanceof Uint8Array) return value;
      if (!isArrayLike(value)) return wrong('a list');
      return Array.from(value, (item, i) => into(item, type.element, `[${i}]`));
    case 'option':
      if (type.some.kind !== 'option')
        return value === undefined ? undefined : toGuest(value, type.some, path, handles);
      return caseToGuest(
        value,
        [
          ['none', undefined],
          ['some', type.some],
        ],
        wrong,
        into,
      );
    case 'result':
      return caseToGuest(
        value,
        [
          ['ok', type.ok],
          ['err', type.error],
        ],
        wrong,
        into,
      );
    case 'variant':
      return caseToGuest(
        value,
        type.cases.map((one) => [one.name, one.type]),
        wrong,
        into,
      );
    case 'enum':
      return typeof value === 'string' && type.names.includes(value) ? value : wrong(`one of ${type.names.join(', ')}`);
    case 'flags': {
      if (!isObject(value)) return wrong('flags');
      for (const name of type.names.map(camelCase)) {
        if (value[name] !== undefined && typeof value[name] !== 'boolean')
          return wrong(`flags with a boolean for ${name}`);
      }
      return value;
    }
    case 'own':
    case 'borrow':
      return handles.standIn(type.resource, value, path, type.kind === 'own');
    case 'string':
      if (typeof value !== 'string') return wrong('string');
      assertLength(value, path, handles);
      return value;
    default:
      return isPrimitive(type.kind, value) ? value : wrong(type.kind);
  }
}

/** A value that the guest gave, with the host's own objects in place of stand-ins. Throws EngineError `limit` for a text that is too long. */
export function fromGuest(value: unknown, type: ValueType, path: string, handles: Handles): unknown {
  const from = (item: unknown, itemType: ValueType, step: string) => fromGuest(item, itemType, path + step, handles);
  switch (type.kind) {
    case 'string':
      assertLength(value as string, path, handles);
      return value;
    case 'own':
    case 'borrow':
      return handles.original(type.resource, value, path, type.kind === 'own');
    case 'record': {
      const record = value as Record<string, unknown>;
      return mapFields(type.fields, (name, field) => from(record[name], field, `.${name}`));
    }
    case 'tuple':
      return type.items.map((item, i) => from((value as readonly unknown[])[i], item, `[${i}]`));
    case 'list':
      if (type.element.kind === 'u8') return value;
      // Lists of other numbers come as typed arrays.
      return Array.from(value as ArrayLike<unknown>, (item, i) => from(item, type.element, `[${i}]`));
    case 'option':
      if (type.some.kind !== 'option') return value === undefined ? undefined : from(value, type.some, '');
      return caseFromGuest(
        value,
        [
          ['none', undefined],
          ['some', type.some],
        ],
        from,
      );
    case 'result':
      return caseFromGuest(
        value,
        [
          ['ok', type.ok],
          ['err', type.error],
        ],
        from,
      );
    case 'variant':
      return caseFromGuest(
        value,
        type.cases.map((one) => [one.name, one.type]),
        from,
      );
    default:
      return value;
  }
}

/** `peer-namespace` as JavaScript spells it: `peerNamespace`. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

type Cases = readonly (readonly [string, ValueType | undefined])[];
type Step = (item: unknown, type: ValueType, step: string) => unknown;

function caseToGuest(value: unknown, cases: Cases, wrong: (expected: string) => never, into: Step): unknown {
  if (!isObject(value)) return wrong('a variant { tag, val }');
  const found = cases.find(([name]) => name === value.tag);
  if (found === undefined) return wrong(`a variant with a tag of ${cases.map(([name]) => name).join(', ')}`);
  const [tag, type] = found;
  return type === undefined ? { tag } : { tag, val: into(value.val, type, `.${tag}`) };
}

function caseFromGuest(value: unknown, cases: Cases, from: Step): unknown {
  const { tag, val } = value as { tag: string; val?: unknown };
  const type = cases.find(([name]) => name === tag)?.[1];
  return type === undefined ? { tag } : { tag, val: from(val, type, `.${tag}`) };
}

function mapFields(
  fields: readonly { readonly name: string; readonly type: ValueType }[],
  convert: (name: string, type: ValueType) => unknown,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const field of fields) {
    const name = camelCase(field.name);
    const value = convert(name, field.type);
    if (value !== undefined) result[name] = value;
  }
  return result;
}

const integerRanges: Partial<Record<PrimitiveKind, readonly [number, number]>> = {
  s8: [-0x80, 0x7f],
  u8: [0, 0xff],
  s16: [-0x8000, 0x7fff],
  u16: [0, 0xffff],
  s32: [-0x8000_0000, 0x7fff_ffff],
  u32: [0, 0xffff_ffff],
};

function isPrimitive(kind: PrimitiveKind, value: unknown): boolean {
  const range = integerRanges[kind];
  if (range !== undefined)
    return Number.isInteger(value) && (value as number) >= range[0] && (value as number) <= range[1];
  switch (kind) {
    case 'bool':
      return typeof value === 'boolean';
    case 's64':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value;
    case 'u64':
      return typeof value === 'bigint' && BigInt.asUintN(64, value) === value;
    case 'f32':
    case 'f64':
      return typeof value === 'number';
    case 'char':
      return typeof value === 'string' && [...value].length === 1 && value.isWellFormed();
    default:
      return typeof value === 'string';
  }
}

function assertLength(text: string, path: string, handles: Handles): void {
  if (text.length <= handles.longestString) return;
  throw limitError(
    'string',
    `${path} has ${text.length} UTF-16 units, more than the limit of ${handles.longestString}`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  switch (typeof value) {
    case 'number':
    case 'boolean':
      return String(value);
    case 'bigint':
      return `${value}n`;
    case 'string':
      return JSON.stringify(value.slice(0, 40));
    default:
      return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  }
}
