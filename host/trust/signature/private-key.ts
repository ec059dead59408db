import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { KeyError } from './key-error.ts';
import { pemLabel } from './pem.ts';
import { type KeyAlgorithm, type PublicKey, publicKeyOf, supportedAlgorithm } from './public-key.ts';

/** A key to sign with. */
export interface PrivateKey {
  readonly key: KeyObject;
  readonly publicKey: PublicKey;
}

/** A new pair of keys as PEM text: PKCS#8 (RFC 5958), and SubjectPublicKeyInfo as `readPublicKey` reads it. */
export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Makes a pair of keys. With a passphrase the private one is encrypted (PBES2, AES-256-CBC). */
export function generateKeyPair(algorithm: KeyAlgorithm, passphrase?: string): KeyPair {
  const { privateKey, publicKey } = newKeys(algorithm);
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/** Reads a private key from PEM (PKCS#8, encrypted or not). Throws KeyError. */
export function readPrivateKey(pem: string, passphrase?: string): PrivateKey {
  assertPkcs8(pemLabel(pem), passphrase);
  const key = parse(pem, passphrase);
  supportedAlgorithm(key);
  return { key, publicKey: publicKeyOf(createPublicKey(key)) };
}

function newKeys(algorithm: KeyAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (algorithm) {
    case 'ecdsa-p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
  }
}

/** What is to be done about private keys in other formats. */
const conversions: Readonly<Record<string, string>> = {
  'EC PRIVATE KEY': 'convert it with `openssl pkcs8 -topk8`',
  'RSA PRIVATE KEY': 'RSA keys are not supported, only ECDSA P-256 and Ed25519',
  'ENCRYPTED SIGSTORE PRIVATE KEY': 'sign with cosign, or make a key with `bulkhead keygen`',
  'ENCRYPTED COSIGN PRIVATE KEY': 'sign with cosign, or make a key with `bulkhead keygen`',
};

function assertPkcs8(label: string, passphrase: string | undefined): void {
  switch (label) {
    case 'PRIVATE KEY':
      return;
    case 'ENCRYPTED PRIVATE KEY':
      if (passphrase === undefined) throw new KeyError('passphrase', 'the private key needs a passphrase');
      return;
    default: {
      const advice = conversions[label];
      throw new KeyError(
        'unreadable',
        `a PEM block PRIVATE KEY is expected, this is ${label}${advice === undefined ? '' : `: ${advice}`}`,
      );
    }
  }
}

function parse(pem: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    throw pem.includes('ENCRYPTED')
      ? new KeyError('passphrase', 'cannot decrypt the private key: the passphrase is wrong, or the key is damaged', {
          cause,
        })
      : new KeyError('unreadable', `cannot read the private key: ${(cause as Error).message}`, { cause });
  }
}
