import { ComponentFormatError } from './reader.ts';
import type { FunctionShape, ValueType } from './shape.ts';

/** Definitions, aliases, imports and exports that are read, each as often as it is used: a small component can use one very often. */
const mostSteps = 200_000;
/** wit-component makes four: the program, its imports' stand-ins, and what ties the two together. */
const mostCoreInstances = 32;
/** What a value of a type has in it, written out. */
const most = { parts: 10_000, depth: 64 };

/** Counts what a component is made of while it is read, and ends the reading of one that has more than any plugin needs. Throws ComponentFormatError. */
export class Census {
  #steps = 0;
  #coreInstances = 0;
  #memories = 0;
  readonly #sizes = new WeakMap<object, Size>();

  step(): void {
    if (++this.#steps > mostSteps) throw new ComponentFormatError('too many definitions');
  }

  /** The memory limit is that of the one memory. */
  coreInstance(hasMemory: boolean): void {
    if (++this.#coreInstances > mostCoreInstances)
      throw new ComponentFormatError(`more than ${mostCoreInstances} core instances`);
    if (hasMemory && ++this.#memories > 1) throw new ComponentFormatError('more than one memory');
  }

  /** A type whose parts were weighed before. */
  weigh(type: ValueType | FunctionShape): void {
    const inside = partsOf(type);
    const own = 'names' in type ? type.names.length : inside.length;
    if (own > most.parts) throw new ComponentFormatError('a type is too large');
    const sizes = inside.map((part) => this.#sizes.get(part) ?? leaf);
    this.#steps += own;
    const parts =
      1 +
      Math.max(
        own,
        sizes.reduce((sum, one) => sum + one.parts, 0),
      );
    const depth = 1 + Math.max(0, ...sizes.map((one) => one.depth));
    if (parts > most.parts || depth > most.depth) throw new ComponentFormatError('a type is too large');
    this.#sizes.set(type, { parts, depth });
  }
}

interface Size {
  readonly parts: number;
  readonly depth: number;
}

const leaf: Size = { parts: 1, depth: 1 };

function partsOf(type: ValueType | FunctionShape): readonly ValueType[] {
  const present = (...types: readonly (ValueType | undefined)[]) => types.filter((one) => one !== undefined);
  switch (type.kind) {
    case 'function':
      return present(...type.parameters.map((one) => one.type), type.result);
    case 'record':
      return type.fields.map((one) => one.type);
    case 'variant':
      return present(...type.cases.map((one) => one.type));
    case 'list':
      return [type.element];
    case 'tuple':
      return type.items;
    case 'option':
      return [type.some];
    case 'result':
      return present(type.ok, type.error);
    default:
      return [];
  }
}
