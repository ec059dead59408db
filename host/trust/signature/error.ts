/**
 * Why a bundle does not vouch for an artifact.
 *
 * - `too-large`, `malformed`, `media-type`, `unsupported`: the bundle cannot be read, or has what is not accepted here.
 * - `wrong-signer`: a key signed where a certificate is wanted, or the other way round.
 * - `other-artifact`: the bundle is about other bytes.
 * - `signature`: the signature is not by this key, or not over these bytes.
 * - `certificate`, `identity`, `log`, `timestamp`: what a keyless signature needs besides is missing or wrong.
 * - `trusted-root`, `thresholds`: what the operator configured cannot be used.
 */
export type SignatureErrorCode =
  | 'too-large'
  | 'malformed'
  | 'media-type'
  | 'unsupported'
  | 'wrong-signer'
  | 'other-artifact'
  | 'signature'
  | 'certificate'
  | 'identity'
  | 'log'
  | 'timestamp'
  | 'trusted-root'
  | 'thresholds';

/** A bundle does not vouch for an artifact. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly code: SignatureErrorCode;

  constructor(code: SignatureErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
