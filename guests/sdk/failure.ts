// The ways out. The host ends the call, and takes back whatever an ADD did: there is nothing to clean up before leaving.

import { Result } from 'bulkhead-sdk/abi/values';
import { fail as leave } from 'wit/cni/exit';
import { Failure } from 'wit/cni/types';
import { Fault } from 'wit/net/types';

/** Codes of error objects that a plugin may use (CNI specification 1.1.0, section "Error"). */
export namespace codes {
  export const invalidConfiguration: u32 = 7;
  export const tryAgainLater: u32 = 11;
  export const notAvailable: u32 = 50;
  export const limitedConnectivity: u32 = 51;
  /** What the reference uses for all that has no code of its own. */
  export const internal: u32 = 999;
}

/** Ends this call with an error object. Does not return; where a value is wanted, `return fail<T>(...)`. */
export function fail<T = void>(message: string, code: u32 = codes.internal, details: string = ''): T {
  const failure = new Failure();
  failure.code = code;
  failure.message = message;
  failure.details = details;
  leave(failure);
  return unreachable();
}

/** The value, or out with `attempt: reason`. */
export function orFail<T>(result: Result<T, Fault>, attempt: string): T {
  if (result.failed) return fail<T>(`${attempt}: ${result.error.message}`);
  return result.value;
}

/** The value, or out with what another plugin failed with, its code kept. */
export function orPassOn<T>(result: Result<T, Failure>): T {
  if (result.failed) {
    leave(result.error);
    return unreachable();
  }
  return result.value;
}

/** The value, or out with the message where there is none. */
export function expect<T>(value: T | null, message: string): T {
  if (value === null) return fail<T>(message);
  return value;
}

/** Out with the message where the condition does not hold. */
export function ensure(condition: bool, message: string, code: u32 = codes.internal): void {
  if (!condition) fail(message, code);
}
