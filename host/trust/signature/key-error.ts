/**
 * Why a key cannot be used: it is of a kind that is not supported (`unsupported`), it is not a key in the format wanted
 * (`unreadable`), or its passphrase is missing or wrong (`passphrase`).
 */
export type KeyErrorCode = 'unsupported' | 'unreadable' | 'passphrase';

/** A key cannot be used. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
  readonly code: KeyErrorCode;

  constructor(code: KeyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
