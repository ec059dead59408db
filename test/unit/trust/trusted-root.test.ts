import { describe, expect, test } from 'vitest';
import { readTrustedRoot } from '../../../host/trust/signature/trusted-root.ts';
import { verifyBundle } from '../../../host/trust/signature/verify.ts';
import { refusal } from './refusal.ts';
import { type BundleJson, SigstoreInstance } from './sigstore-instance.ts';

const sigstore = new SigstoreInstance();

describe('a trusted root', () => {
  const changed = (change: (root: BundleJson) => void) => {
    const root = sigstore.trustedRoot;
    change(root);
    return JSON.stringify(root);
  };

  test.each([
    ['garbage', '{'],
    ['of another type', changed((root) => (root.mediaType = 'application/json'))],
    ['without authorities', changed((root) => (root.certificateAuthorities = []))],
    ['without logs', changed((root) => delete root.tlogs)],
    ['with a list that is none', changed((root) => (root.ctlogs = {}))],
    ['with a log that was always valid', changed((root) => delete root.tlogs[0].publicKey.validFor)],
    [
      'with a certificate that is none',
      changed((root) => (root.certificateAuthorities[0].certChain.certificates[0].rawBytes = 'AAAA')),
    ],
    ['that is too large', ' '.repeat(1024 * 1024 + 1)],
  ])('%s is refused', (_what, text) => {
    expect(refusal(() => readTrustedRoot(text))).toBe('trusted-root');
  });

  test('that no longer trusts a log refuses what only that log has', () => {
    const ended = changed((root) => (root.tlogs[0].publicKey.validFor.end = '2026-02-01T00:00:00Z'));
    const who = { identity: 'https://ci.example/release', issuer: 'https://issuer.example' };
    const thresholds = { logs: 1, timestamps: 1, certificateLogs: 1 };
    const bytes = Buffer.from('an artifact');
    const bundleText = JSON.stringify(sigstore.signMessage(bytes, who));
    const verify = (root: string) =>
      verifyBundle({ bytes, bundleText }, { kind: 'keyless', ...who, thresholds, trustedRoot: readTrustedRoot(root) });
    expect(verify(JSON.stringify(sigstore.trustedRoot)).content).toEqual({ kind: 'message' });
    expect(refusal(() => verify(ended))).toBe('log');
  });
});
