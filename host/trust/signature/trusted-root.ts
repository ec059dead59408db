import { TrustedRoot as TrustedRootMessage } from '@sigstore/protobuf-specs';
import { type TrustMaterial, toTrustMaterial } from '@sigstore/verify';
import { SignatureError } from './error.ts';
import { at, parseJson } from './json.ts';

/** Whom an operator trusts for keyless signatures: certificate authorities, logs and timestamp authorities. */
export interface TrustedRoot {
  readonly material: TrustMaterial;
}

/** Largest trusted root read, in bytes of UTF-8. The one of the public instance has 7 kB. */
const largest = 1024 * 1024;

const mediaTypes: readonly unknown[] = [
  'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  'application/vnd.dev.sigstore.trustedroot.v0.2+json',
];

/** Where the validity of those who are trusted stands in a trusted root. */
const validities: Readonly<Record<string, readonly string[]>> = {
  certificateAuthorities: ['validFor', 'start'],
  timestampAuthorities: ['validFor', 'start'],
  tlogs: ['publicKey', 'validFor', 'start'],
  ctlogs: ['publicKey', 'validFor', 'start'],
};

/**
 * Reads a trusted root (sigstore_trustroot.proto), as `cosign trusted-root create` and the TUF repositories of sigstore have
 * it. Throws SignatureError `trusted-root`.
 */
export function readTrustedRoot(text: string): TrustedRoot {
  if (Buffer.byteLength(text) > largest) throw unusable(`more than ${largest} bytes`);
  const fields = parse(text);
  const mediaType = at(fields, 'mediaType');
  if (!mediaTypes.includes(mediaType)) throw unusable(`its media type is ${JSON.stringify(mediaType) ?? 'missing'}`);
  assertValidities(fields);
  const material = toMaterial(fields);
  if (material.certificateAuthorities.length === 0) throw unusable('it has no certificate authorities');
  if (material.tlogs.length === 0) throw unusable('it has no transparency logs');
  return { material };
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw unusable((cause as Error).message, cause);
  }
}

/** The library takes a missing start for the beginning of time. */
function assertValidities(fields: unknown): void {
  for (const [name, path] of Object.entries(validities)) {
    const list = at(fields, name) ?? [];
    if (!Array.isArray(list)) throw unusable(`${name} is not a list`);
    const without = list.findIndex((one) => Number.isNaN(Date.parse(String(at(one, ...path)))));
    if (without >= 0) throw unusable(`${name}[${without}] has no ${path.join('.')}`);
  }
}

function toMaterial(fields: unknown): TrustMaterial {
  try {
    return toTrustMaterial(TrustedRootMessage.fromJSON(fields));
  } catch (cause) {
    throw unusable((cause as Error).message, cause);
  }
}

function unusable(reason: string, cause?: unknown): SignatureError {
  return new SignatureError('trusted-root', `the trusted root cannot be used: ${reason}`, { cause });
}
