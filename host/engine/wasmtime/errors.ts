import { GuestError, WasmtimeError } from '../../../native/wasmtime/errors.ts';
import { EngineError, GuestFailure, limitError } from '../errors.ts';

/** An end of the binding as the engine's interface says it, in the words that V8 has for it. */
export function engineError(error: unknown): unknown {
  if (error instanceof GuestError) return new GuestFailure(error.payload);
  if (!(error instanceof WasmtimeError)) return error;
  const { code, message, cause } = error;
  switch (code) {
    case 'limit':
      return limitError(error.limit ?? 'time', message, { cause: error });
    case 'trap':
      return new EngineError('trap', `the guest trapped: ${trapped(error)}`, { cause: error });
    case 'host-failure':
      if (cause instanceof EngineError) return cause;
      return new EngineError('host-failure', `a host function failed: ${String(cause)}`, { cause });
    case 'invalid-component':
      return new EngineError('invalid-component', `not a component that can run here: ${message}`, { cause: error });
    case 'reentrant':
      return new EngineError('trap', `the guest trapped: ${message}`, { cause: error });
    case 'busy':
    case 'engine':
      return error;
    default:
      return new EngineError(code, message, { cause: error });
  }
}

function trapped({ trap = '', message }: WasmtimeError): string {
  if (/^the guest trapped: (unknown handle|handle index)/.test(message)) return 'there is no such handle';
  return trapWords[trap] ?? message.replace(/^the guest trapped: /, '');
}

/** wasmtime's names of traps, and what V8 says of them. */
const trapWords: Readonly<Record<string, string>> = {
  UnreachableCodeReached: 'unreachable',
  MemoryOutOfBounds: 'memory access out of bounds',
  TableOutOfBounds: 'table index is out of bounds',
  IndirectCallToNull: 'null function or function signature mismatch',
  BadSignature: 'null function or function signature mismatch',
  IntegerDivisionByZero: 'divide by zero',
  IntegerOverflow: 'divide result unrepresentable',
  BadConversionToInteger: 'float unrepresentable in integer range',
};
