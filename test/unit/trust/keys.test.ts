import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { generateKeyPair, readPrivateKey } from '../../../host/trust/signature/private-key.ts';
import { readPublicKey } from '../../../host/trust/signature/public-key.ts';
import { newIssuer } from './certificates.ts';
import { refusal } from './refusal.ts';

const algorithms = ['ecdsa-p256', 'ed25519'] as const;
const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const unsupported = [
  ['RSA 2048', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['RSA-PSS 2048', generateKeyPairSync('rsa-pss', { modulusLength: 2048 })],
  ['DSA 1024', generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })],
  ['ECDSA P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['ECDSA P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ['ECDSA secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
  ['Ed448', generateKeyPairSync('ed448')],
  ['X25519', generateKeyPairSync('x25519')],
] as const;

describe('a pair of keys', () => {
  test.each(algorithms)('is read as it was made (%s)', (algorithm) => {
    const pair = generateKeyPair(algorithm);
    const publicKey = readPublicKey(pair.publicKey);
    expect(publicKey).toMatchObject({ algorithm, id: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(readPrivateKey(pair.privateKey).publicKey.id).toBe(publicKey.id);
    expect(generateKeyPair(algorithm).publicKey).not.toBe(pair.publicKey);
  });

  test.each(algorithms)('with a passphrase is read with that one alone (%s)', (algorithm) => {
    const { privateKey, publicKey } = generateKeyPair(algorithm, 'open sesame');
    expect(privateKey).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    expect(readPrivateKey(privateKey, 'open sesame').publicKey.id).toBe(readPublicKey(publicKey).id);
    expect(refusal(() => readPrivateKey(privateKey))).toBe('passphrase');
    expect(refusal(() => readPrivateKey(privateKey, ''))).toBe('passphrase');
    expect(refusal(() => readPrivateKey(privateKey, 'open says me'))).toBe('passphrase');
  });
});

test('the id of a key is the SHA-256 of its DER, as in the hint of cosign', () => {
  const pem =
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGz6WK2PlHVv0jrk9/zxXPNuGoBhRPYwcBKPqCXwgoAs=\n-----END PUBLIC KEY-----\n';
  const hint = 'DSOzYJZce/U/pmj7k+8bm/QwcqmMBx9rzvlwkIZjyLM=';
  expect(Buffer.from(readPublicKey(pem).id, 'hex').toString('base64')).toBe(hint);
});

test.each(unsupported)('%s keys are refused by name', (name, { publicKey, privateKey }) => {
  const message = `${name} keys are not supported, only ECDSA P-256 and Ed25519`;
  expect(() => readPublicKey(spki(publicKey))).toThrow(message);
  expect(refusal(() => readPublicKey(spki(publicKey)))).toBe('unsupported');
  expect(() => readPrivateKey(pkcs8(privateKey))).toThrow(message);
});

describe('a file with a public key', () => {
  const { publicKey, privateKey } = generateKeyPair('ecdsa-p256');
  const certificate = new X509Certificate(newIssuer('someone').certificate).toString();
  const sec1 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' });

  test.each([
    ['a private key', privateKey, 'this is PRIVATE KEY'],
    ['a certificate', certificate, 'this is CERTIFICATE'],
    ['two keys', publicKey + publicKey, 'one block of PEM is expected'],
    ['words before the key', `my key\n${publicKey}`, 'one block of PEM is expected'],
    ['nothing', '', 'one block of PEM is expected'],
    ['garbage', publicKey.replace(/MF/, 'AA'), 'cannot read the public key'],
    ['too much', publicKey.padEnd(20_000), 'at most'],
  ])('that holds %s is refused', (_what, text, message) => {
    expect(() => readPublicKey(text)).toThrow(message);
    expect(refusal(() => readPublicKey(text))).toBe('unreadable');
  });

  test.each([
    ['a public key', publicKey, 'this is PUBLIC KEY'],
    ['a key in the format before PKCS#8', sec1.toString(), 'openssl pkcs8 -topk8'],
    ['garbage', privateKey.replace(/MI/, 'AA'), 'cannot read the private key'],
    ['a key of cosign', privateKey.replaceAll('PRIVATE', 'ENCRYPTED SIGSTORE PRIVATE'), 'sign with cosign'],
  ])('is no private key where it holds %s', (_what, text, message) => {
    expect(() => readPrivateKey(text)).toThrow(message);
    expect(refusal(() => readPrivateKey(text))).toBe('unreadable');
  });

  test('may end its lines as Windows does', () => {
    const key = readPublicKey(publicKey.replaceAll('\n', '\r\n'));
    expect(key.key.equals(createPublicKey(publicKey))).toBe(true);
  });
});
