import type { Answer } from '../calls/answer.ts';
import { escapeControls } from '../calls/log.ts';
import { CniError, errorCodes } from '../cni/error.ts';

/** For what should not have happened: an error object all the same, never a stack. */
export function failure(error: unknown): Answer {
  const message = escapeControls(`bulkhead: ${error instanceof Error ? error.message : error}`);
  return { stdout: new CniError(errorCodes.internal, message).format(), stderr: '', exitCode: 1 };
}
