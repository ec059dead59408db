import type { LimitName } from './engine.ts';

export type EngineErrorCode =
  /** Not a component, or one of a kind that no plugin may be. */
  | 'invalid-component'
  /** The component imports what the host does not offer. */
  | 'missing-import'
  /** No such exported function. */
  | 'missing-export'
  /** A limit was passed; `limit` names it. */
  | 'limit'
  /** The guest trapped: unreachable, out of bounds, a value that its type does not have. */
  | 'trap'
  /** The host gave a value of the wrong type: a fault of the host, with the path to the value. */
  | 'host-value'
  /** A host function threw what is not an err payload; `cause` is that. */
  | 'host-failure'
  /** The instance has ended in any way but an ordinary result, and is not run again. */
  | 'ended'
  /** A host function used the instance that is calling it. */
  | 'reentrant';

/** The component did not run, or did not end by itself. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;
  readonly limit: LimitName | undefined;

  constructor(code: EngineErrorCode, message: string, options: ErrorOptions & { limit?: LimitName } = {}) {
    super(message, options);
    this.code = code;
    this.limit = options.limit;
  }
}

/** A component's instance runs one call at a time. */
export function reentrantError(options?: ErrorOptions): EngineError {
  return new EngineError('reentrant', 'the instance is running: a host function may not use it again', options);
}

export function limitError(limit: LimitName, message: string, options?: ErrorOptions): EngineError {
  return new EngineError('limit', message, { ...options, limit });
}

/** A guest may call the host so many times, and has done so more often. */
export function hostCallsError(most: number): EngineError {
  return limitError('hostCalls', `the guest made more than ${most} calls to the host`);
}

/** The exported function returned the err case of its `result`; `payload` is what the case carries. */
export class GuestFailure extends Error {
  override readonly name = 'GuestFailure';
  readonly payload: unknown;

  constructor(payload: unknown) {
    super('the guest returned an error');
    this.payload = payload;
  }
}

/** Thrown by a host function to give the guest the err case of the function's `result`. */
export class HostFault<Payload extends object> extends Error {
  override readonly name = 'HostFault';
  readonly payload: Payload;

  constructor(payload: Payload, message: string, options?: ErrorOptions) {
    super(message, options);
    this.payload = payload;
  }
}
