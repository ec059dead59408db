import type { Bundle } from '@sigstore/bundle';
import { type SignedEntity, Verifier } from '@sigstore/verify';
import { SignatureError } from './error.ts';
import { assertLogNames } from './log-entry.ts';
import { publicKeyOf } from './public-key.ts';
import { assertThresholds, type Thresholds } from './thresholds.ts';
import type { TrustedRoot } from './trusted-root.ts';

/** Someone who signs with certificates that an authority gives out for an identity. */
export interface KeylessSigner {
  readonly kind: 'keyless';
  /** The subject alternative name of the certificate, whole: the URI of a workflow, or an e-mail address. */
  readonly identity: string;
  /** Who vouches for the identity: the URL of an OpenID Connect issuer, whole. */
  readonly issuer: string;
  readonly trustedRoot: TrustedRoot;
  readonly thresholds: Thresholds;
}

/**
 * Verifies that an entity was signed with a certificate of this identity while that was valid, and logged. The time that
 * counts is that of the log or of a timestamp authority, never the node's. Throws SignatureError, KeyError and the library's
 * errors.
 */
export function verifyKeyless(bundle: Bundle, entity: SignedEntity, signer: KeylessSigner): void {
  assertThresholds(signer.thresholds);
  const certificate = certificateOf(bundle);
  const { logs, timestamps, certificateLogs } = signer.thresholds;
  const { key, identity } = new Verifier(signer.trustedRoot.material, {
    tlogThreshold: logs,
    timestampThreshold: timestamps,
    ctlogThreshold: certificateLogs,
  }).verify(entity);
  publicKeyOf(key);
  for (const entry of entity.tlogEntries) assertLogNames(certificate, entry);
  assertIndependent('log', 'transparency logs', entity.tlogEntries.map(logOf), logs);
  assertIndependent('timestamp', 'sources of time', entity.timestamps.flatMap(clockOf), timestamps);
  assertSame('identity', identity?.subjectAlternativeName, signer.identity);
  assertSame('issuer', identity?.extensions?.issuer, signer.issuer);
}

/** DER of the certificate. Version 0.3 has no chains: the authority's part of it comes from the trusted root. */
function certificateOf({ verificationMaterial: { content } }: Bundle): Buffer {
  if (content.$case === 'certificate') return content.certificate.rawBytes;
  throw new SignatureError('wrong-signer', 'the bundle is signed with a key, a certificate is expected');
}

/** The library counts entries and timestamps, also several of the same log or authority. */
function assertIndependent(code: 'log' | 'timestamp', what: string, sources: readonly string[], least: number): void {
  const found = new Set(sources).size;
  if (found < least) throw new SignatureError(code, `${least} different ${what} are required, the bundle has ${found}`);
}

function logOf({ logId }: SignedEntity['tlogEntries'][number]): string {
  return `log ${logId.keyId.toString('hex')}`;
}

/** A log vouches for a time only by a promise: an entry that just has a time in it says what the bundle's author wrote. */
function clockOf(timestamp: SignedEntity['timestamps'][number]): string[] {
  switch (timestamp.$case) {
    case 'transparency-log':
      return timestamp.tlogEntry.inclusionPromise === undefined ? [] : [logOf(timestamp.tlogEntry)];
    case 'timestamp-authority': {
      const { signerIssuer, signerSerialNumber } = timestamp.timestamp;
      return [`authority ${signerIssuer.toString('hex')} ${signerSerialNumber.toString('hex')}`];
    }
  }
}

/** Compared whole: the library takes what is expected for an unanchored regular expression. */
function assertSame(what: string, found: string | undefined, expected: string): void {
  if (found !== undefined && found === expected) return;
  throw new SignatureError(
    'identity',
    `the certificate's ${what} is ${JSON.stringify(found) ?? 'missing'}, expected is ${JSON.stringify(expected)}`,
  );
}
