import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { KeyError } from './key-error.ts';
import { pemLabel } from './pem.ts';

export type KeyAlgorithm = 'ecdsa-p256' | 'ed25519';

/** A key that can be trusted to sign. */
export interface PublicKey {
  readonly algorithm: KeyAlgorithm;
  readonly key: KeyObject;
  /** SHA-256 of the DER of SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), lower-case hexadecimal. */
  readonly id: string;
}

/** Reads a public key from PEM (SubjectPublicKeyInfo, `BEGIN PUBLIC KEY`). Throws KeyError. */
export function readPublicKey(pem: string): PublicKey {
  const label = pemLabel(pem);
  if (label !== 'PUBLIC KEY') throw new KeyError('unreadable', `a PEM block PUBLIC KEY is expected, this is ${label}`);
  return publicKeyOf(parse(pem));
}

/** A public key of one of the supported kinds, or KeyError `unsupported` with the name of its kind. */
export function publicKeyOf(key: KeyObject): PublicKey {
  const algorithm = supportedAlgorithm(key);
  return { algorithm, key, id: createHash('sha256').update(keyDer(key)).digest('hex') };
}

/** The algorithm of a public or private key. Throws KeyError `unsupported`. */
export function supportedAlgorithm(key: KeyObject): KeyAlgorithm {
  const kind = kindOf(key);
  switch (kind) {
    case 'ECDSA P-256':
      return 'ecdsa-p256';
    case 'Ed25519':
      return 'ed25519';
    default:
      throw new KeyError('unsupported', `${kind} keys are not supported, only ECDSA P-256 and Ed25519`);
  }
}

/** SubjectPublicKeyInfo, DER. */
function keyDer(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function parse(pem: string): KeyObject {
  try {
    return createPublicKey({ key: pem, format: 'pem' });
  } catch (cause) {
    throw new KeyError('unreadable', `cannot read the public key: ${(cause as Error).message}`, { cause });
  }
}

/** NIST's names of curves; OpenSSL has others. */
const curves: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

/** The kind of a key in words: `RSA 2048`, `ECDSA P-384`, `Ed448`. */
function kindOf(key: KeyObject): string {
  const { modulusLength, namedCurve = 'with a curve of its own' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ec':
      return `ECDSA ${curves[namedCurve] ?? namedCurve}`;
    case 'ed25519':
      return 'Ed25519';
    case 'ed448':
      return 'Ed448';
    default:
      return [key.asymmetricKeyType?.toUpperCase(), modulusLength].filter((part) => part !== undefined).join(' ');
  }
}
