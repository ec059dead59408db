import { describe, expect, test } from 'vitest';
import { generateKeyPair, type PrivateKey, readPrivateKey } from '../../../host/trust/signature/private-key.ts';
import { signBundle } from '../../../host/trust/signature/sign.ts';
import { verifyBundle } from '../../../host/trust/signature/verify.ts';
import { refusal } from './refusal.ts';
import { type BundleJson, SigstoreInstance, sha256 } from './sigstore-instance.ts';

const bytes = Buffer.from('an artifact');
const other = Buffer.from('another artifact');
const newKey = (algorithm: 'ecdsa-p256' | 'ed25519') => readPrivateKey(generateKeyPair(algorithm).privateKey);
const verify = (bundleText: string, { publicKey }: PrivateKey, artifact: Uint8Array = bytes) =>
  verifyBundle({ bytes: artifact, bundleText }, { kind: 'key', key: publicKey });

describe.each(['ecdsa-p256', 'ed25519'] as const)('a bundle by a key (%s)', (algorithm) => {
  const key = newKey(algorithm);
  const text = signBundle(bytes, key);
  const changed = (change: (bundle: BundleJson) => void) => {
    const bundle: BundleJson = JSON.parse(text);
    change(bundle);
    return JSON.stringify(bundle);
  };

  test('says who vouched', () => {
    expect(verify(text, key)).toEqual({ signer: { kind: 'key', id: key.publicKey.id }, content: { kind: 'message' } });
  });

  test('has the fields that cosign writes', () => {
    expect(JSON.parse(text)).toEqual({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { publicKey: { hint: Buffer.from(key.publicKey.id, 'hex').toString('base64') } },
      messageSignature: {
        messageDigest: { algorithm: 'SHA2_256', digest: sha256(bytes).toString('base64') },
        signature: expect.any(String),
      },
    });
  });

  test('is accepted for a part of a larger buffer', () => {
    expect(verify(text, key, Buffer.from('- an artifact -').subarray(2, -2)).content.kind).toBe('message');
  });

  test.each(['ecdsa-p256', 'ed25519'] as const)('is refused by another key (%s)', (kind) => {
    expect(refusal(() => verify(text, newKey(kind)))).toBe('signature');
  });

  test('is refused by another key that the hint names', () => {
    const stranger = newKey(algorithm);
    const hint = Buffer.from(stranger.publicKey.id, 'hex').toString('base64');
    const named = changed((bundle) => (bundle.verificationMaterial.publicKey.hint = hint));
    expect(refusal(() => verify(named, stranger))).toBe('signature');
    expect(verify(named, key).signer).toEqual({ kind: 'key', id: key.publicKey.id });
  });

  test('reused for other bytes is refused, also with their digest or none', () => {
    expect(refusal(() => verify(text, key, other))).toBe('other-artifact');
    const digest = sha256(other).toString('base64');
    const redigested = changed((bundle) => (bundle.messageSignature.messageDigest.digest = digest));
    expect(refusal(() => verify(redigested, key, other))).toBe('signature');
    const undigested = changed((bundle) => (bundle.messageSignature.messageDigest = {}));
    expect(refusal(() => verify(undigested, key, other))).toBe('signature');
  });

  test('whose digest is of other bytes is refused, though the signature is good', () => {
    const digest = sha256(other).toString('base64');
    const redigested = changed((bundle) => (bundle.messageSignature.messageDigest.digest = digest));
    expect(refusal(() => verify(redigested, key))).toBe('other-artifact');
  });

  test.each(['SHA2_384', 'SHA2_512', 'SHA3_256', 'HASH_ALGORITHM_UNSPECIFIED', 2, 99])(
    'with the digest algorithm %s is refused',
    (hash) => {
      const rehashed = changed((bundle) => (bundle.messageSignature.messageDigest.algorithm = hash));
      expect(['unsupported', 'malformed']).toContain(refusal(() => verify(rehashed, key)));
    },
  );

  test('needs no log, and one that cannot be verified does not count or hinder', () => {
    const request = { identity: 'https://ci.example', issuer: 'https://issuer.example' };
    const { tlogEntries } = new SigstoreInstance().signMessage(bytes, request).verificationMaterial;
    const logged = changed((bundle) => (bundle.verificationMaterial.tlogEntries = tlogEntries));
    expect(verify(logged, key).content).toEqual({ kind: 'message' });
  });
});

test('a bundle by a certificate is refused where a key is expected', () => {
  const request = { identity: 'https://ci.example', issuer: 'https://issuer.example' };
  const bundle = JSON.stringify(new SigstoreInstance().signMessage(bytes, request));
  expect(refusal(() => verify(bundle, newKey('ecdsa-p256')))).toBe('wrong-signer');
});
