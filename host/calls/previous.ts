import type { Call } from '../cni/call.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import type { Outcome } from '../cni/outcome.ts';
import { decodeResult, ResultError } from '../cni/result/decode.ts';

/** The previous result, in the configuration's version; undefined where there is none. Throws CniError. */
export function previousOutcome({ configuration, version }: Call): Outcome | undefined {
  if (configuration.previous === undefined) return undefined;
  try {
    return decodeResult(configuration.previous, version);
  } catch (error) {
    if (!(error instanceof ResultError)) throw error;
    throw new CniError(errorCodes.internal, `could not parse prevResult: ${error.message}`, '', { cause: error });
  }
}

/** For DEL, which does its best without one. */
export function previousOutcomeIfReadable(call: Call): Outcome | undefined {
  try {
    return previousOutcome(call);
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
  }
}
