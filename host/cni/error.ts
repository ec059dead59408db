import { formatIndented } from './json/format.ts';

/** Codes of the CNI specification 1.1.0, section "Error", and of the library's that runtimes know. */
export const errorCodes = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  invalidEnvironment: 4,
  ioFailure: 5,
  decodingFailure: 6,
  invalidNetworkConfig: 7,
  invalidNetns: 8,
  tryAgainLater: 11,
  pluginNotAvailable: 50,
  limitedConnectivity: 51,
  /** Everything that has no code of its own, as the reference's library numbers it. */
  internal: 999,
} as const;

/** What a CNI call fails with: code, message and details of the error object. */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly code: number;
  readonly details: string;

  constructor(code: number, message: string, details = '', options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  /** The error object as runtimes read it from stdout: `code`, `msg` and, unless empty, `details`; indented by four spaces, no newline. */
  format(): string {
    return formatIndented({
      code: this.code,
      msg: this.message,
      details: this.details === '' ? undefined : this.details,
    });
  }
}
