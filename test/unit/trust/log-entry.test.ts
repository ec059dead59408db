import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { assertLogNames } from '../../../host/trust/signature/log-entry.ts';
import { newIssuer } from './certificates.ts';
import { refusal } from './refusal.ts';
import { base64 } from './sigstore-instance.ts';

const { certificate } = newIssuer('signer');
const stranger = newIssuer('stranger');
const pem = (der: Buffer) => base64(Buffer.from(new X509Certificate(der).toString()));
const verifier = (der: Buffer) => ({ x509Certificate: { rawBytes: base64(der) } });

/** What each kind of entry has in its body, with the certificate where Rekor puts it. */
const kinds: readonly [string, string, (der: Buffer) => unknown][] = [
  ['hashedrekord', '0.0.1', (der) => ({ signature: { publicKey: { content: pem(der) } } })],
  ['dsse', '0.0.1', (der) => ({ signatures: [{ verifier: pem(der) }] })],
  ['intoto', '0.0.2', (der) => ({ content: { envelope: { signatures: [{ publicKey: pem(der) }] } } })],
  ['hashedrekord', '0.0.2', (der) => ({ hashedRekordV002: { signature: { verifier: verifier(der) } } })],
  ['dsse', '0.0.2', (der) => ({ dsseV002: { signatures: [{ verifier: verifier(der) }] } })],
];

const entry = (kind: string, version: string, spec: unknown) => ({
  logIndex: '7',
  logId: { keyId: Buffer.alloc(32) },
  kindVersion: { kind, version },
  integratedTime: '0',
  inclusionPromise: undefined,
  inclusionProof: undefined,
  canonicalizedBody: Buffer.from(JSON.stringify({ kind, apiVersion: version, spec })),
});

describe.each(kinds)('a log entry of kind %s %s', (kind, version, spec) => {
  test('is for the certificate that it names, and for no other', () => {
    expect(() => assertLogNames(certificate, entry(kind, version, spec(certificate)))).not.toThrow();
    expect(refusal(() => assertLogNames(certificate, entry(kind, version, spec(stranger.certificate))))).toBe('log');
  });

  test('that names no certificate, or has it somewhere else, is for none', () => {
    const key = stranger.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    for (const other of [
      {},
      null,
      [],
      { certificate: pem(certificate) },
      { signature: { publicKey: { content: key } } },
    ]) {
      expect(refusal(() => assertLogNames(certificate, entry(kind, version, other)))).toBe('log');
    }
  });
});

test('a log entry of an unknown kind is for no certificate', () => {
  const spec = { signature: { publicKey: { content: pem(certificate) } } };
  expect(refusal(() => assertLogNames(certificate, entry('rekord', '0.0.1', spec)))).toBe('log');
});
