import { SignatureError } from './error.ts';

/**
 * How many independent witnesses a keyless signature needs. Each has to be a different log or authority. There are no
 * defaults: the library's are not what an operator reads in the policy.
 */
export interface Thresholds {
  /** Transparency logs that have the signature, at least 1. */
  readonly logs: number;
  /** Timestamp authorities and logs that say when it was made, at least 1: without a time no certificate can be checked. */
  readonly timestamps: number;
  /** Certificate transparency logs that have the certificate; 0 for an authority that has none. */
  readonly certificateLogs: number;
}

/** Throws SignatureError `thresholds`. */
export function assertThresholds({ logs, timestamps, certificateLogs }: Thresholds): void {
  assertAtLeast('logs', logs, 1);
  assertAtLeast('timestamps', timestamps, 1);
  assertAtLeast('certificateLogs', certificateLogs, 0);
}

function assertAtLeast(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new SignatureError(
    'thresholds',
    `the threshold ${name} is ${value}, it must be an integer of at least ${least}`,
  );
}
