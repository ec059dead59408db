import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { bits, ia5, integer, octets, oid, sequence, set, tagged, time, utf8, yes } from './der.ts';

/** An authority: its certificate, and the key to it. */
export interface Issuer {
  readonly name: Buffer;
  readonly certificate: Buffer;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** What a certificate is to say, in the way of Fulcio. Valid for ten minutes. */
export interface CertificateRequest {
  readonly identity: string;
  readonly issuer: string;
  readonly key: KeyObject;
  readonly notBefore: Date;
  /** Whether the subject alternative name is an e-mail address; else it is a URI. */
  readonly email?: boolean;
  /** Whether a certificate log has seen it. */
  readonly logged?: boolean;
}

export const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

/** An authority that signs its own certificate, or has it from another one. */
export function newIssuer(commonName: string, parent?: Issuer): Issuer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))));
  const basicConstraints = sequence(oid('2.5.29.19'), yes, octets(sequence(yes)));
  const validity = sequence(time(new Date('2026-01-01T00:00:00Z')), time(new Date('2036-01-01T00:00:00Z')));
  const body = tbs(parent?.name ?? name, name, validity, publicKey, [basicConstraints]);
  return { name, publicKey, privateKey, certificate: signed(body, parent?.privateKey ?? privateKey) };
}

/** DER of a certificate for a signer (RFC 5280), with a certificate timestamp of a log (RFC 6962) unless it is not logged. */
export function certificate(
  { name, publicKey, privateKey }: Issuer,
  request: CertificateRequest,
  log: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
): Buffer {
  const { notBefore } = request;
  const validity = sequence(time(notBefore), time(new Date(notBefore.getTime() + 10 * 60_000)));
  const extensions = [
    sequence(oid('2.5.29.17'), yes, octets(sequence(ia5(request.email ? 1 : 6, request.identity)))),
    sequence(oid('1.3.6.1.4.1.57264.1.8'), octets(utf8(request.issuer))),
  ];
  const precertificate = tbs(name, sequence(), validity, request.key, extensions);
  if (request.logged === false) return signed(precertificate, privateKey);
  const issuerId = createHash('sha256').update(der(publicKey)).digest();
  const timestamps = certificateTimestamps(precertificate, issuerId, notBefore, log);
  const scts = sequence(oid('1.3.6.1.4.1.11129.2.4.2'), octets(octets(timestamps)));
  return signed(tbs(name, sequence(), validity, request.key, [...extensions, scts]), privateKey);
}

function tbs(
  issuer: Uint8Array,
  subject: Uint8Array,
  validity: Uint8Array,
  key: KeyObject,
  extensions: readonly Uint8Array[],
): Buffer {
  const version3 = tagged(0, integer(2));
  const list = tagged(3, sequence(...extensions));
  return sequence(version3, integer(7), ecdsaWithSha256, issuer, validity, subject, der(key), list);
}

function signed(body: Buffer, key: KeyObject): Buffer {
  return sequence(body, ecdsaWithSha256, bits(sign('sha256', body, key)));
}

/** A list of one SignedCertificateTimestamp (RFC 6962, 3.2 and 3.3). */
function certificateTimestamps(
  precertificate: Buffer,
  issuerId: Buffer,
  at: Date,
  { publicKey, privateKey }: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
): Buffer {
  const timestamp = Buffer.alloc(8);
  timestamp.writeBigUInt64BE(BigInt(at.getTime()));
  const length24 = Buffer.from([0, precertificate.length >> 8, precertificate.length & 0xff]);
  const none = Buffer.from([0, 0]);
  const entry = [Buffer.from([0, 0]), timestamp, Buffer.from([0, 1]), issuerId, length24, precertificate, none];
  const signature = sign('sha256', Buffer.concat(entry), privateKey);
  const logId = createHash('sha256').update(der(publicKey)).digest();
  const ecdsa = Buffer.from([4, 3]);
  return length16(length16(Buffer.concat([Buffer.from([0]), logId, timestamp, none, ecdsa, length16(signature)])));
}

function length16(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function der(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}
