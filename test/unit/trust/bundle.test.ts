import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SignatureError, type SignatureErrorCode } from '../../../host/trust/signature/error.ts';
import { generateKeyPair, readPrivateKey } from '../../../host/trust/signature/private-key.ts';
import { signBundle } from '../../../host/trust/signature/sign.ts';
import { readTrustedRoot } from '../../../host/trust/signature/trusted-root.ts';
import { type Signer, verifyBundle } from '../../../host/trust/signature/verify.ts';
import { refusal } from './refusal.ts';
import { type BundleJson, SigstoreInstance } from './sigstore-instance.ts';

const bytes = Buffer.from('an artifact');
const key = readPrivateKey(generateKeyPair('ecdsa-p256').privateKey);
const holder: Signer = { kind: 'key', key: key.publicKey };
const sigstore = new SigstoreInstance();
const who = { identity: 'https://ci.example/release', issuer: 'https://issuer.example' };
const keyless: Signer = {
  kind: 'keyless',
  ...who,
  trustedRoot: readTrustedRoot(JSON.stringify(sigstore.trustedRoot)),
  thresholds: { logs: 1, timestamps: 1, certificateLogs: 1 },
};
const signed = signBundle(bytes, key);
const certified = JSON.stringify(sigstore.signMessage(bytes, who));
const envelope = { payload: 'e30=', payloadType: 'application/vnd.in-toto+json', signatures: [{ sig: 'AAAA' }] };

const verify = (bundleText: string, signer: Signer = holder) => verifyBundle({ bytes, bundleText }, signer);

function changed(change: (bundle: BundleJson) => void, text = signed): string {
  const bundle: BundleJson = JSON.parse(text);
  change(bundle);
  return JSON.stringify(bundle);
}

describe('a bundle is refused', () => {
  test.each<[string, string, SignatureErrorCode]>([
    ['that is empty', '', 'malformed'],
    ['that is not JSON', signed.slice(0, -3), 'malformed'],
    ['that is nested deeply', '['.repeat(500_000), 'malformed'],
    ['that is null', 'null', 'malformed'],
    ['that is a list', `[${signed}]`, 'malformed'],
    ['that is too large', signed + ' '.repeat(1024 * 1024), 'too-large'],
    ['that is too large in bytes, not in characters', signed + '\u3000'.repeat(400_000), 'too-large'],
    ['without a media type', changed((b) => delete b.mediaType), 'media-type'],
    ['without contents', changed((b) => delete b.messageSignature), 'malformed'],
    ['with contents that are null', changed((b) => (b.messageSignature = null)), 'malformed'],
    ['with two kinds of content', changed((b) => (b.dsseEnvelope = envelope)), 'malformed'],
    ['with contents by another name', changed((b) => (b.dsse_envelope = envelope)), 'malformed'],
    ['without a signature', changed((b) => delete b.messageSignature.signature), 'malformed'],
    ['with a signature that is empty', changed((b) => (b.messageSignature.signature = '')), 'malformed'],
    ['with a signature that is a number', changed((b) => (b.messageSignature.signature = 7)), 'malformed'],
    ['with a signature that is no base64', changed((b) => (b.messageSignature.signature = '!')), 'malformed'],
    ['without a digest', changed((b) => delete b.messageSignature.messageDigest), 'malformed'],
    ['with half a digest', changed((b) => delete b.messageSignature.messageDigest.digest), 'malformed'],
    [
      'with a digest without algorithm',
      changed((b) => delete b.messageSignature.messageDigest.algorithm),
      'unsupported',
    ],
    ['without material', changed((b) => delete b.verificationMaterial), 'malformed'],
    ['with material that is empty', changed((b) => (b.verificationMaterial = {})), 'malformed'],
    ['with material that is a word', changed((b) => (b.verificationMaterial = 'key')), 'malformed'],
    [
      'with material of two kinds',
      changed((b) => (b.verificationMaterial.certificate = { rawBytes: 'AAAA' })),
      'malformed',
    ],
    ['with unknown material', changed((b) => (b.verificationMaterial.trust = 'me')), 'malformed'],
    ['with a log entry that is null', changed((b) => (b.verificationMaterial.tlogEntries = [null])), 'malformed'],
    ['with a log entry that is empty', changed((b) => (b.verificationMaterial.tlogEntries = [{}])), 'malformed'],
  ])('%s', (_what, text, code) => {
    expect(refusal(() => verify(text))).toBe(code);
  });

  test.each([
    'application/vnd.dev.sigstore.bundle+json;version=0.1',
    'application/vnd.dev.sigstore.bundle+json;version=0.2',
    'application/vnd.dev.sigstore.bundle.v0.4+json',
    'application/vnd.dev.sigstore.bundle.v0.3+jsonp',
    'application/vnd.dev.sigstore.bundle.v9.9+json',
    ' application/vnd.dev.sigstore.bundle.v0.3+json',
    'application/json',
    ['application/vnd.dev.sigstore.bundle.v0.3+json'],
    3,
  ])('with the media type %j', (mediaType) => {
    expect(refusal(() => verify(changed((bundle) => (bundle.mediaType = mediaType))))).toBe('media-type');
  });

  test.each<[string, (material: BundleJson) => void]>([
    ['that is garbage', (material) => (material.certificate.rawBytes = 'AAAA')],
    ['that is empty', (material) => (material.certificate.rawBytes = '')],
    ['that is cut short', (material) => (material.certificate.rawBytes = material.certificate.rawBytes.slice(0, 400))],
    ['that is nested deeply', (material) => (material.certificate.rawBytes = nested(20_000))],
    [
      'in a chain',
      (material) => {
        material.x509CertificateChain = { certificates: [material.certificate] };
        delete material.certificate;
      },
    ],
  ])('with a certificate %s', (_what, change) => {
    const text = changed((bundle) => change(bundle.verificationMaterial), certified);
    expect(refusal(() => verify(text, keyless))).toBe('malformed');
  });
});

test('the other spelling of version 0.3 is accepted', () => {
  const text = changed((bundle) => (bundle.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.3'));
  expect(verify(text).content).toEqual({ kind: 'message' });
});

describe('whatever is changed in a bundle', () => {
  const outcome = (text: string, signer: Signer) => {
    try {
      return verify(text, signer).content.kind;
    } catch (error) {
      if (error instanceof SignatureError) return 'refused';
      throw error;
    }
  };

  test('text is refused with a SignatureError and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.constantFrom(holder, keyless), (text, signer) => {
        expect(outcome(text, signer)).toBe('refused');
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['a key', signed, holder],
    ['a certificate', certified, keyless],
    ['an authority', JSON.stringify(sigstore.signMessage(bytes, { ...who, log: 'authority' })), keyless],
  ] as const)(
    'any part may be any value, and still nothing but a SignatureError comes of it (%s)',
    (_what, text, signer) => {
      const places = placesIn(JSON.parse(text));
      fc.assert(
        fc.property(fc.constantFrom(...places), fc.oneof(fc.jsonValue(), fc.base64String()), (place, value) => {
          expect(['message', 'refused']).toContain(
            outcome(
              changed((bundle) => put(bundle, place, value), text),
              signer,
            ),
          );
        }),
        { numRuns: 300 },
      );
    },
  );

  test.each([
    ['a key', signed, holder, 'messageSignature.signature'],
    ['a certificate', certified, keyless, 'verificationMaterial.certificate.rawBytes'],
    ['a log entry', certified, keyless, 'verificationMaterial.tlogEntries.0.canonicalizedBody'],
  ] as const)('a flipped bit is refused (%s)', (_what, text, signer, path) => {
    const place = path.split('.');
    fc.assert(
      fc.property(fc.nat(), (where) => {
        const flipped = changed((bundle) => put(bundle, place, flip(get(bundle, place), where)), text);
        expect(outcome(flipped, signer)).toBe('refused');
      }),
      { numRuns: 300 },
    );
  });
});

/** Paths to all values in a JSON value. */
function placesIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  const inner = Object.entries(value).flatMap(([name, part]) => placesIn(part, [...path, name]));
  return path.length === 0 ? inner : [[...path], ...inner];
}

function get(bundle: BundleJson, path: readonly string[]): string {
  return path.reduce((inner, name) => inner[name], bundle);
}

function put(bundle: BundleJson, path: readonly string[], value: unknown): void {
  const inner = path.slice(0, -1).reduce((outer, name) => outer[name], bundle);
  inner[path.at(-1) ?? ''] = value;
}

function flip(base64: string, where: number): string {
  const changedBytes = Buffer.from(base64, 'base64');
  const position = where % (changedBytes.length * 8);
  changedBytes[position >> 3] = (changedBytes[position >> 3] ?? 0) ^ (1 << (position & 7));
  return changedBytes.toString('base64');
}

/** DER sequences in sequences. */
function nested(depth: number): string {
  return Buffer.from('3080'.repeat(depth), 'hex').toString('base64');
}
