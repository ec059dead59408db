import { createHash, generateKeyPairSync, type KeyObject, randomInt, sign } from 'node:crypto';
import { digestAlgorithm } from '../../../host/trust/signature/message.ts';
import { type CertificateRequest, certificate, type Issuer, newIssuer } from './certificates.ts';
import { timestampResponse } from './timestamps.ts';

/** Who signs, and how. */
export interface SigningRequest extends Omit<CertificateRequest, 'key' | 'notBefore'> {
  /** Keys of the signer; ECDSA P-256 where they are not given. */
  readonly keys?: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  /** How the log has it: with a promise, which gives a time, or without, as Rekor v2, and a timestamp authority for the time. */
  readonly log?: 'promise' | 'authority';
}

const day = new Date('2026-05-05T12:00:00Z');
export const afterMinutes = (minutes: number) => new Date(day.getTime() + minutes * 60_000);

/** The JSON of a bundle, for tests to take apart. */
// biome-ignore lint/suspicious/noExplicitAny: tests reach into any part of a bundle and put anything there
export type BundleJson = any;

/** A sigstore of the test's own: a certificate authority, a certificate log, transparency logs, a timestamp authority. */
export class SigstoreInstance {
  readonly #authority: Issuer = newIssuer('test authority');
  readonly #certificateLog = newKeys();
  readonly #timestampRoot: Issuer = newIssuer('test clocks');
  readonly #timestampAuthority: Issuer = newIssuer('test clock', this.#timestampRoot);
  readonly #logs = [newKeys(), newKeys()] as const;

  /** `sigstore.trustroot.v1.TrustedRoot` as JSON. */
  get trustedRoot(): BundleJson {
    const validFor = () => ({ start: '2026-01-01T00:00:00Z' });
    const log = ({ publicKey }: { publicKey: KeyObject }, baseUrl: string) => ({
      baseUrl,
      hashAlgorithm: 'SHA2_256',
      publicKey: { rawBytes: base64(der(publicKey)), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor: validFor() },
      logId: { keyId: base64(logIdOf(publicKey)) },
    });
    const authority = (...issuers: readonly Issuer[]) => ({
      certChain: { certificates: issuers.map(({ certificate }) => ({ rawBytes: base64(certificate) })) },
      validFor: validFor(),
    });
    return {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: this.#logs.map((keys, index) => log(keys, logUrl(index))),
      ctlogs: [log(this.#certificateLog, 'https://certificates.example')],
      certificateAuthorities: [authority(this.#authority)],
      timestampAuthorities: [authority(this.#timestampAuthority, this.#timestampRoot)],
    };
  }

  /** A bundle with a message signature. */
  signMessage(bytes: Uint8Array, request: SigningRequest): BundleJson {
    const keys = request.keys ?? newKeys();
    const signature = sign(digestAlgorithm(keys.privateKey), bytes, keys.privateKey);
    const digest = { algorithm: 'SHA2_256', digest: base64(sha256(bytes)) };
    return this.#bundle(bytes, signature, keys.publicKey, request, {
      messageSignature: { messageDigest: digest, signature: base64(signature) },
    });
  }

  /** A bundle with an in-toto statement in a DSSE envelope. */
  attest(statement: unknown, request: SigningRequest): BundleJson {
    const keys = request.keys ?? newKeys();
    const { envelope, signed, signature } = seal(statement, keys.privateKey);
    return this.#bundle(signed, signature, keys.publicKey, request, { dsseEnvelope: envelope });
  }

  /** A `hashedrekord` in a log, at a time, as an entry of a bundle. */
  entry(log: 0 | 1, certificateDer: Uint8Array, signed: Uint8Array, signature: Uint8Array, at: Date, promise = true) {
    const body = Buffer.from(
      JSON.stringify({
        apiVersion: '0.0.1',
        kind: 'hashedrekord',
        spec: {
          data: { hash: { algorithm: 'sha256', value: sha256(signed).toString('hex') } },
          signature: { content: base64(signature), publicKey: { content: base64(Buffer.from(toPem(certificateDer))) } },
        },
      }),
    );
    const { privateKey, publicKey } = this.#logs[log];
    const logId = logIdOf(publicKey);
    const logIndex = randomInt(1_000_000);
    const integratedTime = Math.floor(at.getTime() / 1000);
    // Canonical JSON (RFC 8785): the keys in order.
    const promised = { body: base64(body), integratedTime, logID: logId.toString('hex'), logIndex };
    const set = sign('sha256', Buffer.from(JSON.stringify(promised)), privateKey);
    return {
      logIndex: String(logIndex),
      logId: { keyId: base64(logId) },
      kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
      integratedTime: String(integratedTime),
      ...(promise ? { inclusionPromise: { signedEntryTimestamp: base64(set) } } : {}),
      inclusionProof: this.#inclusion(log, body),
      canonicalizedBody: base64(body),
    };
  }

  /** Base64 of an RFC 3161 timestamp. */
  timestamp(signature: Uint8Array, at: Date): string {
    return base64(timestampResponse(this.#timestampRoot, this.#timestampAuthority, signature, at));
  }

  issue(request: Omit<CertificateRequest, 'notBefore'>): Buffer {
    return certificate(this.#authority, { ...request, notBefore: day }, this.#certificateLog);
  }

  #bundle(
    signed: Uint8Array,
    signature: Uint8Array,
    key: KeyObject,
    request: SigningRequest,
    content: BundleJson,
  ): BundleJson {
    const leaf = this.issue({ ...request, key });
    const promise = request.log !== 'authority';
    const times = promise ? [] : [{ signedTimestamp: this.timestamp(signature, afterMinutes(1)) }];
    return {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        certificate: { rawBytes: base64(leaf) },
        tlogEntries: [this.entry(0, leaf, signed, signature, afterMinutes(1), promise)],
        timestampVerificationData: { rfc3161Timestamps: times },
      },
      ...content,
    };
  }

  /** A proof in a log that has this entry and no other: the root is the leaf (RFC 6962, 2.1), in a signed checkpoint. */
  #inclusion(log: 0 | 1, body: Buffer) {
    const { privateKey, publicKey } = this.#logs[log];
    const root = base64(sha256(Buffer.concat([Buffer.from([0]), body])));
    const host = new URL(logUrl(log)).host;
    const note = `${host}\n1\n${root}\n`;
    const signed = Buffer.concat([logIdOf(publicKey).subarray(0, 4), sign('sha256', Buffer.from(note), privateKey)]);
    const envelope = `${note}\n\u2014 ${host} ${base64(signed)}\n`;
    return { logIndex: '0', treeSize: '1', rootHash: root, hashes: [], checkpoint: { envelope } };
  }
}

/** A statement in a signed DSSE envelope, and what was signed: the pre-authentication encoding. */
export function seal(statement: unknown, privateKey: KeyObject, payloadType = 'application/vnd.in-toto+json') {
  const payload = Buffer.from(typeof statement === 'string' ? statement : JSON.stringify(statement));
  const signed = Buffer.concat([
    Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `),
    payload,
  ]);
  const signature = sign(digestAlgorithm(privateKey), signed, privateKey);
  const envelope = { payload: base64(payload), payloadType, signatures: [{ sig: base64(signature) }] };
  return { envelope, signed, signature };
}

function newKeys() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function logUrl(index: number): string {
  return `https://log${index}.example`;
}

function logIdOf(publicKey: KeyObject): Buffer {
  return sha256(der(publicKey));
}

function der(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function toPem(bytes: Uint8Array): string {
  const lines = base64(bytes).match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
