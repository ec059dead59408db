import { VerificationError } from '@sigstore/verify';
import { SignatureError, type SignatureErrorCode } from './error.ts';
import { KeyError } from './key-error.ts';

/**
 * Runs a verification. Whatever it throws becomes a SignatureError, with the library's as its cause: also the TypeErrors and
 * RangeErrors with which the library meets certificates and timestamps that are malformed.
 */
export function translatingErrors<T>(verification: () => T): T {
  try {
    return verification();
  } catch (cause) {
    if (cause instanceof SignatureError) throw cause;
    throw new SignatureError(codeOf(cause), sentence(cause), { cause });
  }
}

const codes: Readonly<Record<VerificationError['code'], SignatureErrorCode>> = {
  NOT_IMPLEMENTED_ERROR: 'unsupported',
  TLOG_ERROR: 'log',
  TLOG_INCLUSION_PROOF_ERROR: 'log',
  TLOG_INCLUSION_PROMISE_ERROR: 'log',
  TLOG_MISSING_INCLUSION_ERROR: 'log',
  TLOG_BODY_ERROR: 'log',
  CERTIFICATE_ERROR: 'certificate',
  PUBLIC_KEY_ERROR: 'certificate',
  SIGNATURE_ERROR: 'signature',
  TIMESTAMP_ERROR: 'timestamp',
};

function codeOf(cause: unknown): SignatureErrorCode {
  if (cause instanceof VerificationError) return codes[cause.code];
  return cause instanceof KeyError ? 'unsupported' : 'malformed';
}

function sentence(cause: unknown): string {
  if (cause instanceof VerificationError && cause.code === 'SIGNATURE_ERROR') {
    return 'the signature is not by this signer, or not over this artifact';
  }
  return `the bundle cannot be verified: ${reasons(cause).join(': ')}`;
}

/** What an error says, and what the errors behind it say. */
function reasons(cause: unknown): string[] {
  if (!(cause instanceof Error)) return [];
  return [cause.message, ...reasons(cause.cause)];
}
