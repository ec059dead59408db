import { X509Certificate } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/bundle';
import { SignatureError } from './error.ts';
import { at, parseJson } from './json.ts';

/**
 * A log entry counts for a signature only if it names the certificate that made it. The library compares the signature and the
 * digest, and leaves out who signed. To be called after the library has verified the entry. Throws SignatureError `log`.
 */
export function assertLogNames(certificate: Buffer, entry: TransparencyLogEntry): void {
  const { kind, version } = entry.kindVersion;
  const named = verifierOf(`${kind} ${version}`, parseJson(entry.canonicalizedBody.toString('utf8')));
  if (!named?.equals(certificate)) {
    throw new SignatureError('log', `log entry ${entry.logIndex} (${kind} ${version}) is for another certificate`);
  }
}

/** DER of the certificate that an entry names. Rekor v1 has PEM in base64, v2 has DER in base64. */
function verifierOf(type: string, body: unknown): Buffer | undefined {
  const spec = at(body, 'spec');
  switch (type) {
    case 'hashedrekord 0.0.1':
      return fromPem(at(spec, 'signature', 'publicKey', 'content'));
    case 'dsse 0.0.1':
      return fromPem(at(spec, 'signatures', 0, 'verifier'));
    case 'intoto 0.0.2':
      return fromPem(at(spec, 'content', 'envelope', 'signatures', 0, 'publicKey'));
    case 'hashedrekord 0.0.2':
      return fromDer(at(spec, 'hashedRekordV002', 'signature', 'verifier', 'x509Certificate', 'rawBytes'));
    case 'dsse 0.0.2':
      return fromDer(at(spec, 'dsseV002', 'signatures', 0, 'verifier', 'x509Certificate', 'rawBytes'));
    default:
      return undefined;
  }
}

function fromDer(base64: unknown): Buffer | undefined {
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined;
}

function fromPem(base64: unknown): Buffer | undefined {
  const pem = fromDer(base64);
  if (pem === undefined) return undefined;
  try {
    return new X509Certificate(pem).raw;
  } catch {
    // A public key, or nothing that is known: no certificate is named.
    return undefined;
  }
}
