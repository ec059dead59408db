import { createHash, sign } from 'node:crypto';
import { bundleToJSON, toMessageSignatureBundle } from '@sigstore/bundle';
import { digestAlgorithm } from './message.ts';
import type { PrivateKey } from './private-key.ts';

/**
 * Signs bytes with a key. Returns the text of a sigstore bundle v0.3 with a message signature, as `cosign sign-blob --key
 * … --bundle …` writes it: no log, no timestamp. The hint is what cosign puts there, the base64 of the key's id.
 *
 * The bundle holds no time and no name: the same key and the same bytes make a bundle that says the same.
 */
export function signBundle(bytes: Uint8Array, { key, publicKey }: PrivateKey): string {
  const bundle = toMessageSignatureBundle({
    digest: createHash('sha256').update(bytes).digest(),
    signature: sign(digestAlgorithm(key), bytes, key),
    keyHint: Buffer.from(publicKey.id, 'hex').toString('base64'),
  });
  return `${JSON.stringify(bundleToJSON(bundle), null, 2)}\n`;
}
