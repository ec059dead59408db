import { createHash } from 'node:crypto';
import {
  BUNDLE_V03_LEGACY_MEDIA_TYPE,
  BUNDLE_V03_MEDIA_TYPE,
  type Bundle,
  bundleFromJSON,
  ValidationError,
} from '@sigstore/bundle';
import { SignatureError } from './error.ts';
import { isObject, parseJson } from './json.ts';

/** Largest bundle read, in bytes of UTF-8. Those of cosign have 500 bytes to 12 kB; one with an attestation has more. */
const largest = 1024 * 1024;

/** The two spellings of version 0.3. The library matches a prefix, and so would take `…v9.9+jsonp`. */
const mediaTypes: readonly unknown[] = [BUNDLE_V03_MEDIA_TYPE, BUNDLE_V03_LEGACY_MEDIA_TYPE];

const contents = ['messageSignature', 'dsseEnvelope'];
const materials = ['publicKey', 'certificate', 'x509CertificateChain'];

/**
 * Reads a sigstore bundle v0.3 (sigstore_bundle.proto). What the library leaves open is closed first: the size, the media
 * type, fields it would not look at, and several contents or signers, of which it would take one. Throws SignatureError
 * `too-large`, `media-type` or `malformed`.
 */
export function readBundle(text: string, artifact: Uint8Array): Bundle {
  const size = Buffer.byteLength(text);
  if (size > largest)
    throw new SignatureError('too-large', `the bundle has ${size} bytes, more than the ${largest} allowed`);
  const fields = asObject(parse(text), 'bundle');
  assertMediaType(fields.mediaType);
  assertFields(fields, 'bundle', contents, ['mediaType', 'verificationMaterial']);
  assertFields(asObject(fields.verificationMaterial, 'verificationMaterial'), 'verificationMaterial', materials, [
    'tlogEntries',
    'timestampVerificationData',
  ]);
  return decode(withDigest(fields, artifact));
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new SignatureError('malformed', `the bundle is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function assertMediaType(mediaType: unknown): void {
  if (mediaTypes.includes(mediaType)) return;
  throw new SignatureError(
    'media-type',
    `the bundle's media type is ${JSON.stringify(mediaType) ?? 'missing'}, only ${BUNDLE_V03_MEDIA_TYPE} is accepted`,
  );
}

function asObject(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  throw new SignatureError('malformed', `the bundle is malformed: ${name} is not an object`);
}

/** Exactly one field of a protobuf `oneof`, besides those that may stand next to it. */
function assertFields(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  oneOf: readonly string[],
  others: readonly string[],
): void {
  const present = Object.keys(fields).filter((key) => fields[key] !== null);
  const unknown = present.filter((key) => !oneOf.includes(key) && !others.includes(key));
  if (unknown.length > 0) {
    throw new SignatureError('malformed', `the bundle is malformed: ${name} has unknown fields: ${unknown.join(', ')}`);
  }
  const chosen = present.filter((key) => oneOf.includes(key));
  if (chosen.length !== 1) {
    const found = chosen.length === 0 ? 'none' : chosen.join(' and ');
    throw new SignatureError(
      'malformed',
      `the bundle is malformed: ${name} has one of ${oneOf.join(', ')}; found: ${found}`,
    );
  }
}

/**
 * cosign 3 writes `messageDigest: {}` for Ed25519. The field is a hint that no signature covers, so the artifact's own digest
 * is put there; a digest that is there has to be the artifact's.
 */
function withDigest(fields: Readonly<Record<string, unknown>>, artifact: Uint8Array): unknown {
  const message = fields.messageSignature;
  if (!isObject(message) || !isObject(message.messageDigest)) return fields;
  if (Object.keys(message.messageDigest).length > 0) return fields;
  const digest = createHash('sha256').update(artifact).digest('base64');
  return { ...fields, messageSignature: { ...message, messageDigest: { algorithm: 'SHA2_256', digest } } };
}

function decode(fields: unknown): Bundle {
  try {
    return bundleFromJSON(fields);
  } catch (cause) {
    const reason = cause instanceof ValidationError ? cause.fields.join(', ') : (cause as Error).message;
    throw new SignatureError('malformed', `the bundle is malformed: ${reason}`, { cause });
  }
}
