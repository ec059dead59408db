import { SignatureError, type SignatureErrorCode } from '../../../host/trust/signature/error.ts';
import { KeyError, type KeyErrorCode } from '../../../host/trust/signature/key-error.ts';

/** The code with which something is refused. Throws whatever else it throws, and where it is accepted. */
export function refusal(attempt: () => unknown): SignatureErrorCode | KeyErrorCode {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SignatureError || error instanceof KeyError) return error.code;
    throw error;
  }
  throw new Error('it was accepted');
}
