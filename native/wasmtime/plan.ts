import { type Lift, lifting } from './lift.ts';
import { type Lower, lowering } from './lower.ts';
import type { FunctionType, ResourceType } from './shape.ts';

/** A function that a component imports: its arguments are read, its value is written. */
export interface HostFunction {
  /** What messages call it. */
  readonly label: string;
  readonly parameters: readonly { readonly name: string; readonly lift: Lift }[];
  readonly result: {
    readonly isResult: boolean;
    /** Of the value or, of a `result`, the ok payload; undefined where there is none. */
    readonly lower: Lower | undefined;
    readonly lowerError: Lower | undefined;
  };
}

/** A function that it exports: the other way round. */
export interface GuestFunction {
  readonly label: string;
  readonly parameters: readonly { readonly name: string; readonly lower: Lower }[];
  readonly lift: Lift | undefined;
  readonly liftError: Lift | undefined;
}

interface Exported {
  readonly position: number;
  readonly exported: GuestFunction;
}

/** What follows from the types of a component: how values cross. Made once for each thread. */
export class Plan {
  readonly imports: readonly HostFunction[];
  readonly #byName: ReadonlyMap<string, Exported>;
  readonly #resources: readonly ResourceType[];
  readonly #positions = new Map<ResourceType, number>();

  constructor(imports: readonly FunctionType[], exports: readonly FunctionType[], resources: readonly ResourceType[]) {
    this.imports = imports.map(hostFunction);
    const byName = (one: FunctionType, position: number) =>
      [`${one.interface ?? ''} ${one.name}`, { position, exported: guestFunction(one) }] as const;
    this.#byName = new Map(exports.map(byName));
    this.#resources = resources;
  }

  /** An exported function, and its position. */
  find(interfaceId: string | undefined, name: string): Exported | undefined {
    return this.#byName.get(`${interfaceId ?? ''} ${name}`);
  }

  /** Of a resource, as a type names it, among all of the component. */
  positionOf(resource: ResourceType): number {
    const known = this.#positions.get(resource) ?? this.#resources.findIndex((one) => isSame(one, resource));
    this.#positions.set(resource, known);
    return known;
  }
}

function hostFunction({ interface: id, name, parameters, result }: FunctionType): HostFunction {
  const plain = name.replace(/^\[constructor\]/, '');
  const isResult = result?.kind === 'result';
  const [value, error] = isResult ? [result.ok, result.error] : [result, undefined];
  return {
    label: id === undefined ? name : `${id}#${plain}`,
    parameters: parameters.map((one) => ({ name: one.name, lift: lifting(one.type) })),
    result: { isResult, lower: value && lowering(value), lowerError: error && lowering(error) },
  };
}

function guestFunction({ name, parameters, result }: FunctionType): GuestFunction {
  const [value, error] = result?.kind === 'result' ? [result.ok, result.error] : [result, undefined];
  return {
    label: name,
    parameters: parameters.map((one) => ({ name: one.name, lower: lowering(one.type) })),
    lift: value && lifting(value),
    liftError: error && lifting(error),
  };
}

function isSame(one: ResourceType, other: ResourceType): boolean {
  return one.name === other.name && one.interface === other.interface && one.imported === other.imported;
}
