import type { PrimitiveKind } from '../../../host/component/shape.ts';

/** A WIT world, resolved: every name stands for its definition. */
export interface World {
  readonly name: string;
  readonly imports: readonly WorldItem[];
  readonly exports: readonly WorldItem[];
}

/** An interface, by its id with version or, inline in the world, by its name; or a function of the world itself. */
export type WorldItem =
  | { readonly kind: 'interface'; readonly id: string; readonly interface: Interface }
  | { readonly kind: 'function'; readonly id: string; readonly function: FunctionType }
  | { readonly kind: 'type'; readonly id: string; readonly type: Named };

export interface Interface {
  readonly types: readonly Named[];
  readonly functions: readonly { readonly name: string; readonly type: FunctionType }[];
}

export interface FunctionType {
  readonly parameters: readonly Member[];
  readonly result: WitType | undefined;
}

export interface Member {
  readonly name: string;
  readonly type: WitType;
}

export interface Case {
  readonly name: string;
  readonly type: WitType | undefined;
}

export type Structure =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: 'record'; readonly fields: readonly Member[] }
  | { readonly kind: 'variant'; readonly cases: readonly Case[] }
  | { readonly kind: 'enum'; readonly labels: readonly string[] }
  | { readonly kind: 'flags'; readonly labels: readonly string[] }
  | { readonly kind: 'list'; readonly element: WitType }
  | { readonly kind: 'tuple'; readonly items: readonly WitType[] }
  | { readonly kind: 'option'; readonly some: WitType }
  | { readonly kind: 'result'; readonly ok: WitType | undefined; readonly error: WitType | undefined }
  | { readonly kind: 'own' | 'borrow'; readonly resource: Named }
  | { readonly kind: 'resource' };

export type WitType = Structure | Named;

/** A type with a name of its own, or a further name of one (WIT `use`). Compared by identity. */
export interface Named {
  readonly kind: 'named';
  readonly name: string;
  readonly of: WitType;
  /** Where it is defined; set when the interface around it gets its id. */
  home: Home | undefined;
}

export interface Home {
  readonly id: string;
  readonly direction: 'import' | 'export';
}

/** The definition behind all names. */
export function structureOf(type: WitType): Structure {
  let found = type;
  while (found.kind === 'named') found = found.of;
  return found;
}

/** The name where the type was defined, behind further names of it; undefined for one without a name. */
export function originOf(type: WitType): Named | undefined {
  if (type.kind !== 'named') return undefined;
  let found: Named = type;
  while (found.of.kind === 'named') found = found.of;
  return found;
}

/** What the generator cannot do, with the place in the world where it stands. */
export class GeneratorError extends Error {
  override readonly name = 'GeneratorError';
}
