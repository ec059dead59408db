import type { ComponentShape } from '../component/shape.ts';

/**
 * Runs components. Two implementations: `v8` over jco's transpiled output, `wasmtime` over our own binding. Values cross as
 * jco maps them: records are objects in camelCase, variants `{ tag, val }`, options undefined, flags objects of booleans,
 * enums strings in kebab-case, 64-bit integers bigints, lists arrays (`list<u8>` a Uint8Array), resources instances of the class imported for them.
 */
export interface Engine {
  readonly name: string;
  /**
   * Makes a component ready to run, from its bytes or from what was made of them before under the same digest.
   * Throws EngineError `invalid-component`.
   */
  load(component: ComponentSource): LoadedComponent;
  /** Makes instances ahead of the next calls of those components that were called, where that takes time. Between calls. */
  prepareNext?(): void;
}

export interface ComponentSource {
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes, lower-case hexadecimal. */
  readonly digest: string;
}

export interface LoadedComponent {
  readonly digest: string;
  /** What it imports and exports, with types. */
  readonly shape: ComponentShape;
  /** Makes an instance of its own state. Throws EngineError `missing-import`, naming all that is missing, or as a call does. */
  instantiate(imports: HostImports, limits: Limits): Instance;
}

/** One instance. It is called until the first end that is not an ordinary result or an err payload, and then never again. */
export interface Instance {
  /**
   * Calls an exported function; the interface id is undefined for one that the world exports by itself. Returns its
   * value; for a `result`, the ok payload. Throws GuestFailure with an err payload, EngineError for all else.
   */
  call(interfaceId: string | undefined, name: string, args: readonly unknown[]): unknown;
  /** Ends the instance and closes the handles that the guest holds. */
  close(): void;
}

/**
 * What a component may import: by interface id, functions in camelCase and resource classes in PascalCase; a plain function
 * of the world by its name, as `default`. A function
 * signals the err payload of a `result` by throwing an object that has it as `payload`.
 */
export type HostImports = Readonly<Record<string, Readonly<Record<string, HostFunction | ResourceClass>>>>;
// biome-ignore lint/suspicious/noExplicitAny: each function states its own parameters; the engine checks them against the component's types
export type HostFunction = (...args: any[]) => unknown;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type ResourceClass = abstract new (...args: any[]) => object;

/** Each has an EngineError `limit` of its own, which names it. */
export interface Limits {
  /** Linear memory of one instance, bytes. */
  readonly memory: number;
  /** Wall time of one call of the instance, milliseconds, host calls included. */
  readonly time: number;
  /** Calls from the guest to the host. */
  readonly hostCalls: number;
  /** Resource handles that the guest holds at once. */
  readonly handles: number;
  /** UTF-16 units of one text, either way. */
  readonly string: number;
  /** UTF-16 units of all that the guest logs. */
  readonly log: number;
}

export type LimitName = keyof Limits | 'stack';
