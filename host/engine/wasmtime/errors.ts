import { GuestError, WasmtimeError } from '../../../native/wasmtime/errors.ts';
import { EngineError, GuestFailure, limitError, reentrantError } from '../errors.ts';

/** An end of the binding as the engine's interface says it. jco has the words for traps from wasmtime. */
export function engineError(error: unknown): unknown {
  if (error instanceof GuestError) return new GuestFailure(error.payload);
  if (!(error instanceof WasmtimeError)) return error;
  const { code, message, cause } = error;
  switch (code) {
    case 'limit':
      return limitError(error.limit ?? 'time', message, { cause: error });
    case 'host-failure':
      if (cause instanceof EngineError) return cause;
      if (!('cause' in error)) return new EngineError('host-failure', message, { cause: error });
      return new EngineError('host-failure', `a host function failed: ${String(cause)}`, { cause });
    case 'invalid-component':
      return new EngineError('invalid-component', `not a component that can run here: ${message}`, { cause: error });
    case 'reentrant':
      return reentrantError({ cause: error });
    case 'busy':
    case 'engine':
      return error;
    default:
      return new EngineError(code, message, { cause: error });
  }
}
