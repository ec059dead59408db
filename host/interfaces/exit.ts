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
export function orExit(body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof HostFault)) throw error;
    throw new GuestExit({ code: errorCodes.internal, message: error.message, details: '' });
  }
}

/** The way out from anywhere in a plugin. */
export const exit = hostInterface('bulkhead:cni/exit@0.1.0', () => ({
  fail: (failure: WitFailure) => {
    throw new GuestExit(failure);
  },
}));
