import { createHash, sign } from 'node:crypto';
import { bundleToJSON, toMessageSignatureBundle } from '@sigstore/bundle';
import { digestAlgorithm } from './message.ts';
import type { PrivateKey } from './private-key.ts';

/**
 * Signs bytes with a key. Returns the text of a sigstore bundle v0.3 with a message signature, with the fields that `cosign
 * sign-blob --key … --bundle …` writes: no log entry, no timestamp, and as the hint of the key its id in base64.
 */
export function signBundle(bytes: Uint8Array, { key, publicKey }: PrivateKey): string {
  const bundle = toMessageSignatureBundle({
    digest: createHash('sha256').update(bytes).digest(),
    signature: sign(digestAlgorithm(key), bytes, key),
    keyHint: Buffer.from(publicKey.id, 'hex').toString('base64'),
  });
  const verificationMaterial = { ...bundle.verificationMaterial, timestampVerificationData: undefined };
  return `${JSON.stringify(bundleToJSON({ ...bundle, verificationMaterial }), null, 2)}\n`;
}
