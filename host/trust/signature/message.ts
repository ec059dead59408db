import { createHash, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { MessageSignature } from '@sigstore/bundle';
import { HashAlgorithm } from '@sigstore/protobuf-specs';
import type { SignedEntity } from '@sigstore/verify';
import { SignatureError } from './error.ts';

/** What a message is hashed with before it is signed: Ed25519 hashes by itself (RFC 8032), and node:crypto wants none. */
export function digestAlgorithm(key: KeyObject): 'sha256' | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
}

/**
 * A message signature, bound to the artifact. The library's own takes the hash algorithm from the bundle, never compares the
 * bundle's digest with the artifact, lets log entries match that digest, and cannot do Ed25519.
 * Throws SignatureError `unsupported` or `other-artifact`.
 */
export function boundMessage(message: MessageSignature, artifact: Uint8Array): SignedEntity['signature'] {
  const digest = createHash('sha256').update(artifact).digest();
  assertDigest(message.messageDigest, digest);
  const { signature } = message;
  const isDigest = (other: Buffer) => equal(other, digest);
  return {
    signature,
    compareSignature: (other) => equal(other, signature),
    compareDigest: isDigest,
    compareSignedDigest: isDigest,
    verifySignature: (key) => verify(digestAlgorithm(key), artifact, key, signature),
  };
}

function assertDigest({ algorithm, digest }: MessageSignature['messageDigest'], actual: Buffer): void {
  if (algorithm !== HashAlgorithm.SHA2_256) {
    const name = HashAlgorithm[algorithm] ?? `number ${algorithm}`;
    throw new SignatureError('unsupported', `the bundle's digest is by the hash ${name}, only SHA2_256 is supported`);
  }
  if (!equal(digest, actual)) {
    throw new SignatureError(
      'other-artifact',
      `the bundle is for an artifact with SHA-256 ${digest.toString('hex')}, this one has ${actual.toString('hex')}`,
    );
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
