import type { Bundle } from '@sigstore/bundle';
import { type SignedEntity, type TrustMaterial, Verifier } from '@sigstore/verify';
import { SignatureError } from './error.ts';
import type { PublicKey } from './public-key.ts';

/** Someone who holds a key. */
export interface KeySigner {
  readonly kind: 'key';
  readonly key: PublicKey;
}

/**
 * Verifies that an entity was signed with a key. A key needs no witnesses, and there is nothing to verify any with: log entries
 * and timestamps are left out. The bundle's hint is not looked at, since nothing covers it. Throws SignatureError and the
 * library's errors.
 */
export function verifyKey(bundle: Bundle, entity: SignedEntity, { key }: KeySigner): void {
  if (bundle.verificationMaterial.content.$case !== 'publicKey') {
    throw new SignatureError('wrong-signer', 'the bundle is signed with a certificate, a key is expected');
  }
  const verifier = new Verifier(trustOnly(key), { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
  verifier.verify({ ...entity, tlogEntries: [], timestamps: [] });
}

function trustOnly({ key }: PublicKey): TrustMaterial {
  return {
    certificateAuthorities: [],
    timestampAuthorities: [],
    tlogs: [],
    ctlogs: [],
    publicKey: () => ({ publicKey: key, validFor: () => true }),
  };
}
