export type WasmtimeErrorCode =
  /** Not a component, one that uses what is not supported, or code of another version or configuration. */
  | 'invalid-component'
  | 'missing-import'
  | 'missing-export'
  /** A limit was passed; `limit` names it. */
  | 'limit'
  /** The guest trapped, also by a value or a handle that its type does not have. */
  | 'trap'
  /** The host gave a value that its type does not have; the message has the path to it. */
  | 'host-value'
  /** A host function threw what is no err payload; `cause` is that very value. */
  | 'host-failure'
  /** The instance has ended, and is not called again. */
  | 'ended'
  /** A host function used the instance that is calling it. */
  | 'reentrant'
  /** There are as many instances as the engine has room for. */
  | 'busy'
  /** The engine could not be made. */
  | 'engine';

export type LimitName = 'memory' | 'time' | 'hostCalls' | 'handles' | 'string' | 'stack';

/** What there is to say of a failure. */
export interface Fault {
  readonly code: WasmtimeErrorCode;
  readonly message: string;
  readonly limit?: LimitName;
  /** wasmtime's name of the trap, such as `UnreachableCodeReached`. */
  readonly trap?: string;
  readonly frames?: readonly string[];
  readonly cause?: unknown;
}

export class WasmtimeError extends Error {
  override readonly name = 'WasmtimeError';
  readonly code: WasmtimeErrorCode;
  readonly limit: LimitName | undefined;
  /** wasmtime's name of the trap. */
  readonly trap: string | undefined;
  /** Where the guest was, innermost first: `name+0x1f`, or `func[7]+0x1f` where it keeps no names. */
  readonly frames: readonly string[];

  constructor(fault: Fault) {
    super(fault.message, 'cause' in fault ? { cause: fault.cause } : undefined);
    this.code = fault.code;
    this.limit = fault.limit;
    this.trap = fault.trap;
    this.frames = fault.frames ?? [];
  }
}

/** The exported function returned the err case of its `result`; `payload` is what that carries. The instance goes on. */
export class GuestError extends Error {
  override readonly name = 'GuestError';
  readonly payload: unknown;

  constructor(payload: unknown) {
    super('the guest returned an error');
    this.payload = payload;
  }
}
