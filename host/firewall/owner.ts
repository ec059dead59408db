import { createHash } from 'node:crypto';

/** The attachment whose rules are meant. */
export interface RuleOwner {
  readonly network: string;
  readonly containerId: string;
  readonly interfaceName: string;
}

/** SHA-512, hexadecimal: what the reference makes names of (containernetworking/plugins pkg/utils/utils.go). */
export function shortHash(text: string, length: number): string {
  return createHash('sha512').update(text).digest('hex').slice(0, length);
}
