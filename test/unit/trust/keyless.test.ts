import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { SignatureErrorCode } from '../../../host/trust/signature/error.ts';
import type { KeylessSigner } from '../../../host/trust/signature/keyless-signer.ts';
import { readTrustedRoot } from '../../../host/trust/signature/trusted-root.ts';
import { verifyBundle } from '../../../host/trust/signature/verify.ts';
import { refusal } from './refusal.ts';
import { afterMinutes, type BundleJson, base64, SigstoreInstance } from './sigstore-instance.ts';

const sigstore = new SigstoreInstance();
const bytes = Buffer.from('an artifact');
const workflow = {
  identity: 'https://github.com/acme/plugins/.github/workflows/release.yml@refs/heads/main',
  issuer: 'https://token.actions.githubusercontent.com',
};
const once = { logs: 1, timestamps: 1, certificateLogs: 1 };
const trustedRoot = readTrustedRoot(JSON.stringify(sigstore.trustedRoot));
const signer: KeylessSigner = { kind: 'keyless', ...workflow, trustedRoot, thresholds: once };
const vouched = { signer: { kind: 'keyless', ...workflow }, content: { kind: 'message' } };

const verify = (bundle: BundleJson, by: Partial<KeylessSigner> = {}, artifact: Uint8Array = bytes) =>
  verifyBundle({ bytes: artifact, bundleText: JSON.stringify(bundle) }, { ...signer, ...by });

describe('a keyless bundle', () => {
  test.each(['promise', 'authority'] as const)('is accepted with the time of a log or an authority (%s)', (log) => {
    expect(verify(sigstore.signMessage(bytes, { ...workflow, log }))).toEqual(vouched);
  });

  test('by an Ed25519 certificate is accepted', () => {
    const keys = generateKeyPairSync('ed25519');
    expect(verify(sigstore.signMessage(bytes, { ...workflow, keys }))).toEqual(vouched);
  });

  test.each([
    ['RSA 2048', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ECDSA P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ])('by a certificate with another kind of key is refused by name: %s', (name, keys) => {
    expect(() => verify(sigstore.signMessage(bytes, { ...workflow, keys }))).toThrow(`${name} keys are not supported`);
  });

  test('with an e-mail address is accepted for that address alone', () => {
    const bundle = sigstore.signMessage(bytes, { ...workflow, identity: 'ann@acme.example', email: true });
    expect(verify(bundle, { identity: 'ann@acme.example' }).content).toEqual({ kind: 'message' });
    expect(refusal(() => verify(bundle, { identity: 'joann@acme.example' }))).toBe('identity');
  });

  test('reused for other bytes is refused', () => {
    const bundle = sigstore.signMessage(bytes, workflow);
    const other = Buffer.from('another artifact');
    expect(refusal(() => verify(bundle, {}, other))).toBe('other-artifact');
    bundle.messageSignature.messageDigest = sigstore.signMessage(other, workflow).messageSignature.messageDigest;
    expect(refusal(() => verify(bundle, {}, other))).toBe('log');
  });

  test('of another sigstore instance is refused, and where a key is expected', () => {
    expect(refusal(() => verify(new SigstoreInstance().signMessage(bytes, workflow)))).toBe('certificate');
    const bundle = sigstore.signMessage(bytes, workflow);
    delete bundle.verificationMaterial.certificate;
    bundle.verificationMaterial.publicKey = { hint: '' };
    expect(refusal(() => verify(bundle))).toBe('wrong-signer');
  });
});

describe('the identity of a certificate', () => {
  const bundle = sigstore.signMessage(bytes, workflow);

  test.each([
    ['a part of it', 'https://github.com/acme/plugins'],
    ['nothing', ''],
    ['a regular expression that matches', 'https://github.com/acme/.*'],
    ['an anchored one', '^https://github.com/acme/.*$'],
    ['other letters', workflow.identity.toUpperCase()],
    ['more', `${workflow.identity}2`],
  ])('is compared whole: %s is not enough', (_what, identity) => {
    expect(refusal(() => verify(bundle, { identity }))).toBe('identity');
  });

  test('that a regular expression would match is not the one it is made of', () => {
    const identity = workflow.identity.replace('.com', 'xcom');
    expect(identity).toMatch(new RegExp(workflow.identity));
    const impostor = sigstore.signMessage(bytes, { ...workflow, identity });
    expect(refusal(() => verify(impostor))).toBe('identity');
    const longer = sigstore.signMessage(bytes, { ...workflow, identity: `https://evil.example/?${workflow.identity}` });
    expect(refusal(() => verify(longer))).toBe('identity');
  });

  test.each(['https://token.actions', 'https://accounts.google.com', ''])('needs its issuer, whole: %j', (issuer) => {
    expect(refusal(() => verify(bundle, { issuer }))).toBe('identity');
  });
});

describe('the log', () => {
  const accepted = () => sigstore.signMessage(bytes, workflow);
  const parts = (bundle: BundleJson) => {
    const { certificate, tlogEntries } = bundle.verificationMaterial;
    return {
      leaf: Buffer.from(certificate.rawBytes, 'base64'),
      signature: Buffer.from(bundle.messageSignature.signature, 'base64'),
      entries: tlogEntries as BundleJson[],
    };
  };

  test.each<[string, (bundle: BundleJson) => void, SignatureErrorCode]>([
    ['is missing', ({ verificationMaterial }) => verificationMaterial.tlogEntries.splice(0), 'timestamp'],
    [
      'has the entry of another signature',
      (bundle) => void parts(bundle).entries.splice(0, 1, ...parts(accepted()).entries),
      'log',
    ],
    [
      'has the entry of another signature by the same certificate',
      (bundle) => {
        const { leaf, entries } = parts(bundle);
        entries[0] = sigstore.entry(0, leaf, bytes, Buffer.from('another'), afterMinutes(1));
      },
      'log',
    ],
    [
      'has an entry that names no certificate',
      (bundle) => {
        const { signature, entries } = parts(bundle);
        entries[0] = sigstore.entry(0, Buffer.from('none'), bytes, signature, afterMinutes(1));
      },
      'log',
    ],
    [
      'has the entry of another artifact',
      (bundle) => {
        const { leaf, signature, entries } = parts(bundle);
        entries[0] = sigstore.entry(0, leaf, Buffer.from('another'), signature, afterMinutes(1));
      },
      'log',
    ],
    [
      'has the entry of another certificate',
      (bundle) => {
        const { signature, entries } = parts(bundle);
        entries[0] = sigstore.entry(0, parts(accepted()).leaf, bytes, signature, afterMinutes(1));
      },
      'log',
    ],
    [
      'has it after the certificate had expired',
      (bundle) => {
        const { leaf, signature, entries } = parts(bundle);
        entries[0] = sigstore.entry(0, leaf, bytes, signature, afterMinutes(11));
      },
      'certificate',
    ],
    [
      'has it before there was a certificate',
      (bundle) => {
        const { leaf, signature, entries } = parts(bundle);
        entries[0] = sigstore.entry(0, leaf, bytes, signature, afterMinutes(-1));
      },
      'certificate',
    ],
    [
      'is one that nobody trusts',
      (bundle) => {
        const { leaf, signature, entries } = parts(bundle);
        entries[0] = new SigstoreInstance().entry(0, leaf, bytes, signature, afterMinutes(1));
      },
      'log',
    ],
    [
      'promised another time',
      (bundle) => {
        parts(bundle).entries[0].integratedTime = String(Number(parts(bundle).entries[0].integratedTime) + 1);
      },
      'log',
    ],
    [
      "gives no promise, so that the time is anyone's",
      (bundle) => {
        delete parts(bundle).entries[0].inclusionPromise;
      },
      'timestamp',
    ],
    [
      'gives no proof',
      (bundle) => {
        delete parts(bundle).entries[0].inclusionProof;
      },
      'malformed',
    ],
    [
      'proves another entry',
      (bundle) => {
        parts(bundle).entries[0].inclusionProof = parts(accepted()).entries[0].inclusionProof;
      },
      'log',
    ],
    [
      'has no JSON in it',
      (bundle) => {
        parts(bundle).entries[0].canonicalizedBody = base64(Buffer.from('{'));
      },
      'log',
    ],
  ])('%s: refused', (_what, change, code) => {
    const bundle = accepted();
    change(bundle);
    expect(refusal(() => verify(bundle))).toBe(code);
  });

  test('a foreign entry next to a good one is refused, not left out', () => {
    const bundle = accepted();
    const { leaf, signature, entries } = parts(bundle);
    entries.push(sigstore.entry(1, leaf, Buffer.from('another'), signature, afterMinutes(2)));
    expect(refusal(() => verify(bundle))).toBe('log');
  });
});

describe('timestamps of an authority', () => {
  test.each<[string, (signature: Buffer) => string, SignatureErrorCode]>([
    ['is for another signature', () => sigstore.timestamp(Buffer.from('another'), afterMinutes(1)), 'timestamp'],
    [
      'is by another authority',
      (signature) => new SigstoreInstance().timestamp(signature, afterMinutes(1)),
      'timestamp',
    ],
    ['is of another time', (signature) => sigstore.timestamp(signature, afterMinutes(11)), 'certificate'],
    ['is garbage', () => base64(Buffer.from('garbage')), 'malformed'],
  ])('one that %s is refused', (_what, timestamp, code) => {
    const bundle = sigstore.signMessage(bytes, { ...workflow, log: 'authority' });
    const signature = Buffer.from(bundle.messageSignature.signature, 'base64');
    bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp = timestamp(signature);
    expect(refusal(() => verify(bundle))).toBe(code);
  });
});
