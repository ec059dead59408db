import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPublicKey } from '../../../host/trust/signature/public-key.ts';
import { verifyBundle } from '../../../host/trust/signature/verify.ts';
import { refusal } from './refusal.ts';

const fixture = (name: string) => readFileSync(new URL(`fixtures/cosign/${name}`, import.meta.url));
const blob = fixture('blob');
const tampered = Buffer.concat([blob, Buffer.from('\n')]);
const keyOf = (name: string) => readPublicKey(fixture(`${name}.pub`).toString());

const verify = (name: string, key: string, bytes: Uint8Array = blob) =>
  verifyBundle({ bytes, bundleText: fixture(`${name}.sigstore`).toString() }, { kind: 'key', key: keyOf(key) });

describe.each(['cosign', 'ecdsa-p256', 'ed25519'])('what cosign signed with a key (%s)', (key) => {
  test('is accepted for its blob alone, and by its key alone', () => {
    const signer = { kind: 'key', id: keyOf(key).id };
    expect(verify(key, key)).toEqual({ signer, content: { kind: 'message' } });
    expect(['other-artifact', 'signature']).toContain(refusal(() => verify(key, key, tampered)));
    const stranger = key === 'ecdsa-p256' ? 'ed25519' : 'ecdsa-p256';
    expect(refusal(() => verify(key, stranger))).toBe('signature');
  });
});

describe('what cosign attested', () => {
  test('with ECDSA is accepted for its blob alone', () => {
    const content = { kind: 'attestation', predicateType: 'https://slsa.dev/provenance/v1' };
    expect(verify('ecdsa-p256-attestation', 'ecdsa-p256').content).toEqual(content);
    expect(refusal(() => verify('ecdsa-p256-attestation', 'ecdsa-p256', tampered))).toBe('other-artifact');
  });

  test('with Ed25519 is refused: it is Ed25519ph, which no bundle says, and which cosign itself does not verify', () => {
    expect(refusal(() => verify('ed25519-attestation', 'ed25519'))).toBe('signature');
  });
});
