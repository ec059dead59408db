import { errorCodes } from '../cni/error.ts';
import { HostFault } from '../engine/errors.ts';
import { hostInterface } from './interface.ts';

/** `bulkhead:cni/types.failure` */
export interface WitFailure {
  readonly code: number;
  readonly message: string;
  readonly details: string;
}

/** Thrown through the guest: it has said that this call fails, and does not go on. */
export class GuestExit extends Error {
  override readonly name = 'GuestExit';
  readonly failure: WitFailure;

  constructor(failure: WitFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** For functions that have no way to say no: a denied one ends the call. */
export function exitOf(error: unknown): unknown {
  if (!(error instanceof HostFault)) return error;
  return new GuestExit({ code: errorCodes.internal, message: error.message, details: '' });
}

/** The way out from anywhere in a plugin. */
export const exit = hostInterface('bulkhead:cni/exit@0.1.0', {
  fail: (_, failure: WitFailure) => {
    throw new GuestExit(failure);
  },
});
