/** What a component imports and exports, with types: the part of a component that its host has to know. */
export interface ComponentShape {
  /** By interface id with version, or by the name of a plain function. In the component's order. */
  readonly imports: ReadonlyMap<string, ExternShape>;
  readonly exports: ReadonlyMap<string, ExternShape>;
}

export type ExternShape = FunctionShape | InterfaceShape;

export interface InterfaceShape {
  readonly kind: 'interface';
  /** By name, with `[method]lease.renew`, `[static]lease.live` and `[constructor]lease` as the component model spells them. */
  readonly functions: ReadonlyMap<string, FunctionShape>;
  /** Resources that the interface defines, in kebab-case. */
  readonly resources: readonly string[];
}

export interface FunctionShape {
  readonly kind: 'function';
  readonly parameters: readonly Field[];
  readonly result: ValueType | undefined;
}

export interface Field {
  readonly name: string;
  readonly type: ValueType;
}

export interface Case {
  readonly name: string;
  readonly type: ValueType | undefined;
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

export type ValueType =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: 'record'; readonly fields: readonly Field[] }
  | { readonly kind: 'variant'; readonly cases: readonly Case[] }
  | { readonly kind: 'list'; readonly element: ValueType }
  | { readonly kind: 'tuple'; readonly items: readonly ValueType[] }
  | { readonly kind: 'flags'; readonly names: readonly string[] }
  | { readonly kind: 'enum'; readonly names: readonly string[] }
  | { readonly kind: 'option'; readonly some: ValueType }
  | { readonly kind: 'result'; readonly ok: ValueType | undefined; readonly error: ValueType | undefined }
  | { readonly kind: 'own' | 'borrow'; readonly resource: ResourceType };

/** One per resource: compared by identity. */
export interface ResourceType {
  readonly kind: 'resource';
  /** Set when the type gets its name: kebab-case, and the interface that exports it. */
  name: string;
  interface: string | undefined;
}
