import { createRequire } from 'node:module';
import type { FunctionType, ResourceType } from './shape.ts';

/** What the Rust side exports. Functions that can fail answer as `settle` reads it, and throw only where Rust panicked. */
export interface Addon {
  /**
   * What this thread does for guests (see `Crossing.dispatch`), and how it makes room for so many numbers and bytes. Returns the byte that
   * says what the last answer on this thread was; undefined where the thread has all that already, which stays as it is.
   */
  attach(dispatch: (what: number) => number, grow: (numbers: number, bytes: number) => void): Uint8Array | undefined;
  /** Where values cross from here on: see `Exchange`. Returns whether they do. */
  share(numbers: Float64Array, bytes: Uint8Array): boolean;
  Engine: { open(instances: number, stack: number): RawEngine };
  /** Of an instance, by its number. */
  begin(instance: number, time: number, hostCalls: number, string: number): void;
  call(instance: number, index: number): void;
  dropResource(instance: number, handle: number): void;
  close(instance: number): void;
}

export interface RawEngine {
  find(key: string): RawComponent | null;
  compile(bytes: Uint8Array, key: string): RawComponent;
  deserialize(bytes: Uint8Array, key: string): RawComponent;
}

export interface RawComponent {
  serialize(): Uint8Array;
  imports(): FunctionType[];
  exports(): FunctionType[];
  resources(): ResourceType[];
  /** The number of a new instance. */
  instantiate(memory: number, time: number, hostCalls: number, string: number): number;
}

const require = createRequire(import.meta.url);

/** Loads the file that cargo built. Throws where it does not fit this Node or this machine. */
export function loadAddon(path: string): Addon {
  return require(path) as Addon;
}
