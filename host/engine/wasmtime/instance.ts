import type { Instance as Native } from '../../../native/wasmtime/wasmtime.ts';
import type { HostImports, Instance, Limits } from '../engine.ts';
import { EngineError } from '../errors.ts';
import { engineError } from './errors.ts';

/** One instance of a component, in a store of its own. */
export class WasmtimeInstance implements Instance {
  readonly #native: Native;

  constructor(native: Native) {
    this.#native = native;
  }

  /** Lets one that was prepared call that host. Throws EngineError `missing-import`. */
  begin(imports: HostImports, limits: Limits): void {
    try {
      this.#native.begin(imports, limits);
    } catch (error) {
      throw engineError(error);
    }
  }

  call(interfaceId: string | undefined, name: string, args: readonly unknown[]): unknown {
    try {
      return this.#native.call(interfaceId, name, args);
    } catch (error) {
      throw engineError(error);
    }
  }

  close(): void {
    const [first] = this.#closed();
    if (first !== undefined)
      throw new EngineError('host-failure', `cannot close a handle: ${String(first)}`, { cause: first });
  }

  #closed(): readonly unknown[] {
    try {
      return this.#native.close();
    } catch (error) {
      throw engineError(error);
    }
  }
}
