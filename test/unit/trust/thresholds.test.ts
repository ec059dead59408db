import { describe, expect, test } from 'vitest';
import type { Thresholds } from '../../../host/trust/signature/thresholds.ts';
import { readTrustedRoot } from '../../../host/trust/signature/trusted-root.ts';
import { verifyBundle } from '../../../host/trust/signature/verify.ts';
import { refusal } from './refusal.ts';
import { afterMinutes, type BundleJson, SigstoreInstance } from './sigstore-instance.ts';

const sigstore = new SigstoreInstance();
const bytes = Buffer.from('an artifact');
const workflow = { identity: 'https://ci.example/release', issuer: 'https://issuer.example' };
const once = { logs: 1, timestamps: 1, certificateLogs: 1 };
const trustedRoot = readTrustedRoot(JSON.stringify(sigstore.trustedRoot));
const vouched = { signer: { kind: 'keyless', ...workflow }, content: { kind: 'message' } };

const verify = (bundle: BundleJson, { thresholds }: { readonly thresholds: Thresholds } = { thresholds: once }) =>
  verifyBundle(
    { bytes, bundleText: JSON.stringify(bundle) },
    { kind: 'keyless', ...workflow, trustedRoot, thresholds },
  );

describe('thresholds', () => {
  test.each([
    { ...once, logs: 0 },
    { ...once, timestamps: 0 },
    { ...once, certificateLogs: -1 },
    { ...once, logs: 1.5 },
    { ...once, logs: Number.NaN },
  ])('have to be said, and be enough to verify anything: %j', (thresholds) => {
    expect(refusal(() => verify(sigstore.signMessage(bytes, workflow), { thresholds }))).toBe('thresholds');
  });

  test('a certificate that no log has seen is accepted only where none is required', () => {
    const bundle = sigstore.signMessage(bytes, { ...workflow, logged: false });
    expect(refusal(() => verify(bundle))).toBe('certificate');
    expect(verify(bundle, { thresholds: { ...once, certificateLogs: 0 } })).toEqual(vouched);
  });

  test('two logs are two different logs', () => {
    const twice = { thresholds: { ...once, logs: 2 } };
    const bundle = sigstore.signMessage(bytes, workflow);
    expect(refusal(() => verify(bundle, twice))).toBe('log');
    const { certificate, tlogEntries } = bundle.verificationMaterial;
    const leaf = Buffer.from(certificate.rawBytes, 'base64');
    const signature = Buffer.from(bundle.messageSignature.signature, 'base64');
    tlogEntries[1] = tlogEntries[0];
    expect(refusal(() => verify(bundle, twice))).toBe('timestamp');
    tlogEntries[1] = sigstore.entry(1, leaf, bytes, signature, afterMinutes(2));
    expect(verify(bundle, twice)).toEqual(vouched);
  });

  test('two sources of time are two different sources', () => {
    const twice = { thresholds: { ...once, timestamps: 2 } };
    const bundle = sigstore.signMessage(bytes, { ...workflow, log: 'authority' });
    const signature = Buffer.from(bundle.messageSignature.signature, 'base64');
    const { certificate, tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
    timestampVerificationData.rfc3161Timestamps.push({
      signedTimestamp: sigstore.timestamp(signature, afterMinutes(2)),
    });
    expect(refusal(() => verify(bundle, twice))).toBe('timestamp');
    tlogEntries[0] = sigstore.entry(0, Buffer.from(certificate.rawBytes, 'base64'), bytes, signature, afterMinutes(1));
    expect(verify(bundle, twice)).toEqual(vouched);
  });
});
