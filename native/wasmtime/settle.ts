import { type Fault, GuestError, WasmtimeError } from './errors.ts';

/** What the status byte says of the last answer. */
const kinds = { value: 0, guestError: 1, fault: 2 } as const;

/** The value of an answer. Throws GuestError or WasmtimeError where it is none. */
export function settle<T>(status: Uint8Array, answer: T): T {
  switch (status[0]) {
    case kinds.value:
      return answer;
    case kinds.guestError:
      throw new GuestError(answer);
    case kinds.fault:
      throw ended(answer as Fault);
    default:
      // The termination of this thread came while the guest was calling the host, and Node-API swallowed it.
      process.exit();
      throw new Error('this thread is being terminated');
  }
}

/** Closes an object of the host that a guest owned. */
export function close(object: Partial<Disposable>): void {
  object[Symbol.dispose]?.();
}

/** The error of a fault; what the guest owned is closed before. */
function ended(fault: Fault): WasmtimeError {
  for (const object of fault.open ?? []) {
    try {
      close(object);
    } catch {
      // The guest's end is what counts; and the other objects are closed all the same.
    }
  }
  return new WasmtimeError(fault);
}
