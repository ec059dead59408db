import { createRequire } from 'node:module';
import type { FunctionType, ResourceType } from './shape.ts';

/** What the Rust side exports. Functions that can fail answer as `settle` reads it, and throw only where Rust panicked. */
export interface Addon {
  /** The byte of this thread that says what the last answer was. */
  status(): Uint8Array;
  Engine: { open(instances: number, stack: number): RawEngine };
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
  instantiate(
    host: readonly unknown[],
    memory: number,
    time: number,
    hostCalls: number,
    handles: number,
    string: number,
  ): RawInstance;
}

export interface RawInstance {
  begin(host: readonly unknown[], time: number, hostCalls: number, handles: number, string: number): void;
  call(index: number, args: readonly unknown[]): unknown;
  dropResource(handle: number): void;
  close(): object[];
}

const require = createRequire(import.meta.url);

/** Loads the file that cargo built. Throws where it does not fit this Node or this machine. */
export function loadAddon(path: string): Addon {
  return require(path) as Addon;
}
