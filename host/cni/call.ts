import { type Configuration, decodeConfiguration } from './configuration.ts';
import type { Environment, Verb } from './environment.ts';
import { CniError, errorCodes } from './error.ts';
import { formatCompact } from './json/format.ts';
import { assertVersion, type SpecVersion, supportedVersions } from './versions.ts';

/** A call about one attachment, or about a network as a whole, checked as far as its texts go. */
export interface Call {
  readonly verb: Exclude<Verb, 'VERSION'>;
  readonly version: SpecVersion;
  readonly environment: Environment;
  readonly configuration: Configuration;
  /** Stdin as it came, for plugins of the old kind. */
  readonly stdin: Uint8Array;
}

/**
 * Reads the configuration and checks that verb and version go together, in the reference's order: JSON, name, then the
 * version, then the verb. Throws CniError.
 */
export function decodeCall(environment: Environment, stdin: Uint8Array): Call {
  const configuration = decodeConfiguration(stdin);
  const { verb } = environment;
  if (verb === undefined || verb === 'VERSION') {
    throw new CniError(errorCodes.invalidEnvironment, `unknown CNI_COMMAND: ${environment.command}`);
  }
  return { verb, version: assertVersion(verb, configuration.version), environment, configuration, stdin };
}

/** The answer to VERSION: without looking at stdin, as the reference. */
export function versionAnswer(): string {
  return `${formatCompact({ cniVersion: supportedVersions.at(-1), supportedVersions })}\n`;
}
