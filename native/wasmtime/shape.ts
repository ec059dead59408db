/** A function that a component imports or exports. */
export interface FunctionType {
  /** Undefined for one of the world itself. */
  readonly interface?: string;
  /** As the component model spells it: `[method]lease.renew`. */
  readonly name: string;
  readonly parameters: readonly Field[];
  readonly result?: ValueType;
}

export interface Field {
  readonly name: string;
  readonly type: ValueType;
}

export interface Case {
  readonly name: string;
  readonly type?: ValueType;
}

export interface ResourceType {
  readonly interface?: string;
  readonly name: string;
  /** Whether the host implements it. */
  readonly imported: boolean;
}

export type PrimitiveKind =
  | 'bool'
  | 's8'
  | 'u8'
  | 's16'
  | 'u16'
  | 's32'
  | 'u32'
  | 's64'
  | 'u64'
  | 'f32'
  | 'f64'
  | 'char'
  | 'string';

/** Names of records and variants are not part of a component; those of fields and cases are. */
export type ValueType =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: 'record'; readonly fields: readonly Field[] }
  | { readonly kind: 'variant'; readonly cases: readonly Case[] }
  | { readonly kind: 'list'; readonly element: ValueType }
  | { readonly kind: 'tuple'; readonly items: readonly ValueType[] }
  | { readonly kind: 'flags' | 'enum'; readonly names: readonly string[] }
  | { readonly kind: 'option'; readonly some: ValueType }
  | { readonly kind: 'result'; readonly ok?: ValueType; readonly error?: ValueType }
  | { readonly kind: 'own' | 'borrow'; readonly resource: ResourceType };
