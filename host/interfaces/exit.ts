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

/** The way out from anywhere in a plugin. */
export const exit = hostInterface('bulkhead:cni/exit@0.1.0', () => ({
  fail: (failure: WitFailure) => {
    throw new GuestExit(failure);
  },
}));
