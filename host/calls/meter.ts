import type { FunctionName } from '../interfaces/table.ts';

/**
 * What a plugin's time goes to: its code is found and made ready (`load`), it gets an instance (`instantiate`), its code runs (`guest`), or
 * the host does something for it, mostly by the kernel (`kernel`).
 */
export const phases = ['load', 'instantiate', 'guest', 'kernel'] as const;
export type Phase = (typeof phases)[number];

/** Measures where the time of a call goes. Each moment is of one phase: while a delegate runs, it is the delegate's. */
export interface Meter {
  readonly enter: (type: string, verb: string, phase: Phase) => void;
  /** Back to the phase of before. */
  readonly leave: () => void;
  /** A plugin calls a function of the host. */
  readonly hostCall: (called: FunctionName) => void;
}

/** Runs the body in a phase of that plugin. */
export function during<T>(meter: Meter | undefined, type: string, verb: string, phase: Phase, body: () => T): T {
  if (meter === undefined) return body();
  meter.enter(type, verb, phase);
  try {
    return body();
  } finally {
    meter.leave();
  }
}
