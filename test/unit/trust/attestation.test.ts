import { describe, expect, test } from 'vitest';
import type { SignatureErrorCode } from '../../../host/trust/signature/error.ts';
import { generateKeyPair, readPrivateKey } from '../../../host/trust/signature/private-key.ts';
import { isSlsaProvenance } from '../../../host/trust/signature/statement.ts';
import { readTrustedRoot } from '../../../host/trust/signature/trusted-root.ts';
import { verifyBundle } from '../../../host/trust/signature/verify.ts';
import { refusal } from './refusal.ts';
import { type BundleJson, SigstoreInstance, seal, sha256 } from './sigstore-instance.ts';

const bytes = Buffer.from('an artifact');
const slsa = 'https://slsa.dev/provenance/v1';
const subjectOf = (artifact: string) => ({
  name: artifact,
  digest: { sha256: sha256(Buffer.from(artifact)).toString('hex') },
});
const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [subjectOf('an artifact')],
  predicateType: slsa,
  predicate: {},
};

const nist = readPrivateKey(generateKeyPair('ecdsa-p256').privateKey);
const edwards = readPrivateKey(generateKeyPair('ed25519').privateKey);

function attested(content: unknown, by = nist, payloadType?: string): BundleJson {
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: '' } },
    dsseEnvelope: seal(content, by.key, payloadType).envelope,
  };
}

const verify = (bundle: BundleJson, by = nist) =>
  verifyBundle({ bytes, bundleText: JSON.stringify(bundle) }, { kind: 'key', key: by.publicKey });

describe('an attestation by a key', () => {
  test.each([
    ['a Statement v1', statement],
    ['a Statement v0.1', { ...statement, _type: 'https://in-toto.io/Statement/v0.1' }],
    ['several subjects', { ...statement, subject: [subjectOf('x'), subjectOf('an artifact'), { name: 'no digest' }] }],
  ])('is accepted with %s', (_what, content) => {
    expect(verify(attested(content)).content).toEqual({ kind: 'attestation', predicateType: slsa });
  });

  test('is accepted by Ed25519', () => {
    expect(verify(attested(statement, edwards), edwards).content.kind).toBe('attestation');
  });

  test('says of which type it is, also where that is nothing good', () => {
    const predicateType = 'https://cosign.sigstore.dev/attestation/vuln/v1';
    expect(verify(attested({ ...statement, predicateType })).content).toEqual({ kind: 'attestation', predicateType });
  });

  test.each<[string, unknown, SignatureErrorCode]>([
    ['about another artifact', { ...statement, subject: [subjectOf('another artifact')] }, 'other-artifact'],
    ['about nothing', { ...statement, subject: [] }, 'other-artifact'],
    ['without subjects', { ...statement, subject: undefined }, 'malformed'],
    ['with subjects that are none', { ...statement, subject: subjectOf('an artifact') }, 'malformed'],
    ['with a subject that is null', { ...statement, subject: [null] }, 'other-artifact'],
    ['with a digest by another hash', { ...statement, subject: [{ digest: { sha512: 'x' } }] }, 'other-artifact'],
    ['that only names the artifact', { ...statement, subject: [{ name: 'an artifact' }] }, 'other-artifact'],
    ['of an unknown type', { ...statement, _type: 'https://in-toto.io/Statement/v2' }, 'unsupported'],
    ['of no type', { ...statement, _type: undefined }, 'unsupported'],
    ['without a predicate type', { ...statement, predicateType: '' }, 'malformed'],
    ['that is not JSON', 'subject: an artifact', 'malformed'],
    ['that is null', 'null', 'unsupported'],
  ])('%s is refused', (_what, content, code) => {
    expect(refusal(() => verify(attested(content)))).toBe(code);
  });

  test('with another payload is refused, and where the payload has another type', () => {
    const swapped = attested({ ...statement, subject: [subjectOf('x')] });
    swapped.dsseEnvelope.payload = attested(statement).dsseEnvelope.payload;
    expect(refusal(() => verify(swapped))).toBe('signature');
    const retyped = attested(statement, nist, 'application/json');
    expect(refusal(() => verify(retyped))).toBe('unsupported');
    retyped.dsseEnvelope.payloadType = 'application/vnd.in-toto+json';
    expect(refusal(() => verify(retyped))).toBe('signature');
  });

  test('with another signature, none or two is refused', () => {
    const bundle = attested(statement);
    const [signature] = bundle.dsseEnvelope.signatures;
    bundle.dsseEnvelope.signatures = [];
    expect(refusal(() => verify(bundle))).toBe('malformed');
    bundle.dsseEnvelope.signatures = [signature, signature];
    expect(refusal(() => verify(bundle))).toBe('malformed');
    bundle.dsseEnvelope.signatures = attested(statement, edwards).dsseEnvelope.signatures;
    expect(refusal(() => verify(bundle))).toBe('signature');
  });
});

test('a message signature over a statement is no attestation of what the statement is about', () => {
  const bundle = attested(statement);
  const [{ sig }] = bundle.dsseEnvelope.signatures;
  const digest = sha256(bytes).toString('base64');
  delete bundle.dsseEnvelope;
  bundle.messageSignature = { messageDigest: { algorithm: 'SHA2_256', digest }, signature: sig };
  expect(refusal(() => verify(bundle))).toBe('signature');
});

describe('an attestation by a certificate', () => {
  const sigstore = new SigstoreInstance();
  const who = { identity: 'https://ci.example/release', issuer: 'https://issuer.example' };
  const trustedRoot = readTrustedRoot(JSON.stringify(sigstore.trustedRoot));
  const thresholds = { logs: 1, timestamps: 1, certificateLogs: 1 };
  const verifyKeyless = (bundle: BundleJson) =>
    verifyBundle({ bytes, bundleText: JSON.stringify(bundle) }, { kind: 'keyless', ...who, trustedRoot, thresholds });

  test.each(['promise', 'authority'] as const)('is accepted with the time of a log or an authority (%s)', (log) => {
    expect(verifyKeyless(sigstore.attest(statement, { ...who, log }))).toEqual({
      signer: { kind: 'keyless', ...who },
      content: { kind: 'attestation', predicateType: slsa },
    });
  });

  test('about another artifact is refused', () => {
    const bundle = sigstore.attest({ ...statement, subject: [subjectOf('x')] }, who);
    expect(refusal(() => verifyKeyless(bundle))).toBe('other-artifact');
  });

  test('with the log entry of another statement is refused', () => {
    const bundle = sigstore.attest(statement, who);
    bundle.verificationMaterial.tlogEntries = sigstore.attest(statement, who).verificationMaterial.tlogEntries;
    expect(refusal(() => verifyKeyless(bundle))).toBe('log');
  });
});

test.each([
  [slsa, true],
  ['https://slsa.dev/provenance/v0.2', true],
  ['https://slsa.dev/provenance/v1/more', false],
  ['https://slsa.dev/verification_summary/v1', false],
])('%s is SLSA provenance: %s', (predicateType, expected) => {
  expect(isSlsaProvenance(predicateType)).toBe(expected);
});
