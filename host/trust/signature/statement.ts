import { createHash } from 'node:crypto';
import type { Envelope } from '@sigstore/bundle';
import { SignatureError } from './error.ts';
import { at, parseJson } from './json.ts';

/** https://github.com/in-toto/attestation/blob/main/spec/v1/envelope.md */
const payloadType = 'application/vnd.in-toto+json';

/** in-toto Statement v1 and, as cosign still writes it, v0.1. */
const statementTypes: readonly unknown[] = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];

const slsaProvenance = ['https://slsa.dev/provenance/v1', 'https://slsa.dev/provenance/v0.2'];

/** Whether an attestation says how an artifact was built (SLSA provenance v1 or v0.2). */
export function isSlsaProvenance(predicateType: string): boolean {
  return slsaProvenance.includes(predicateType);
}

/**
 * The type of what a signed in-toto statement says of an artifact. The library verifies that an envelope was signed, not what
 * it is about: one of the statement's subjects has to have the artifact's SHA-256.
 * Throws SignatureError `unsupported`, `malformed` or `other-artifact`.
 */
export function predicateTypeFor(envelope: Envelope, artifact: Uint8Array): string {
  if (envelope.payloadType !== payloadType) {
    throw new SignatureError(
      'unsupported',
      `the attestation's payload is ${JSON.stringify(envelope.payloadType)}, only ${payloadType} is supported`,
    );
  }
  const statement = parse(envelope.payload);
  assertStatementType(at(statement, '_type'));
  assertSubject(at(statement, 'subject'), createHash('sha256').update(artifact).digest('hex'));
  const predicateType = at(statement, 'predicateType');
  if (typeof predicateType !== 'string' || predicateType === '') {
    throw new SignatureError('malformed', 'the attestation has no predicateType');
  }
  return predicateType;
}

function parse(payload: Buffer): unknown {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (cause) {
    throw new SignatureError('malformed', `the attestation is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function assertStatementType(type: unknown): void {
  if (statementTypes.includes(type)) return;
  throw new SignatureError(
    'unsupported',
    `the attestation is ${JSON.stringify(type) ?? 'of no type'}, only in-toto Statement v1 and v0.1 are supported`,
  );
}

function assertSubject(subjects: unknown, digest: string): void {
  if (!Array.isArray(subjects)) throw new SignatureError('malformed', 'the attestation has no subjects');
  const digests = subjects.map((subject) => at(subject, 'digest', 'sha256'));
  if (digests.includes(digest)) return;
  const about = digests.map((other) => JSON.stringify(other) ?? 'nothing').join(', ');
  throw new SignatureError(
    'other-artifact',
    `the attestation is about artifacts with SHA-256 ${about}, this one has ${digest}`,
  );
}
