import type { Bundle } from '@sigstore/bundle';
import { type SignedEntity, toSignedEntity } from '@sigstore/verify';
import { readBundle } from './bundle.ts';
import { type KeySigner, verifyKey } from './key-signer.ts';
import { type KeylessSigner, verifyKeyless } from './keyless-signer.ts';
import { translatingErrors } from './library-error.ts';
import { boundMessage } from './message.ts';
import { predicateTypeFor } from './statement.ts';

/** Someone who may vouch for an artifact. */
export type Signer = KeySigner | KeylessSigner;

/** An artifact, and the text of the bundle that comes with it. */
export interface SignedArtifact {
  readonly bytes: Uint8Array;
  readonly bundleText: string;
}

/** What a verified bundle says: who vouched, and how. */
export interface Voucher {
  readonly signer:
    | { readonly kind: 'key'; readonly id: string }
    | { readonly kind: 'keyless'; readonly identity: string; readonly issuer: string };
  /**
   * A `message` is a signature over the artifact. An `attestation` is a signed statement about it: what it says depends on
   * its type, and need not be good. Which types are good for what is for the policy to say.
   */
  readonly content: { readonly kind: 'message' } | { readonly kind: 'attestation'; readonly predicateType: string };
}

/**
 * Verifies that a signer vouches for these very bytes. Reads nothing but its arguments: no network, no files, no clock.
 * Throws SignatureError and nothing else.
 */
export function verifyBundle({ bytes, bundleText }: SignedArtifact, signer: Signer): Voucher {
  const bundle = readBundle(bundleText, bytes);
  return translatingErrors(() => ({
    signer: verifySigner(bundle, boundEntity(bundle, bytes), signer),
    content: verifiedContent(bundle, bytes),
  }));
}

/** The library's view of a bundle, with message signatures bound to the artifact. */
function boundEntity(bundle: Bundle, bytes: Uint8Array): SignedEntity {
  const entity = toSignedEntity(bundle);
  const { content } = bundle;
  switch (content.$case) {
    case 'messageSignature':
      return { ...entity, signature: boundMessage(content.messageSignature, bytes) };
    case 'dsseEnvelope':
      return entity;
  }
}

function verifySigner(bundle: Bundle, entity: SignedEntity, signer: Signer): Voucher['signer'] {
  switch (signer.kind) {
    case 'key':
      verifyKey(bundle, entity, signer);
      return { kind: 'key', id: signer.key.id };
    case 'keyless':
      verifyKeyless(bundle, entity, signer);
      return { kind: 'keyless', identity: signer.identity, issuer: signer.issuer };
  }
}

/** To be called once the signature is verified: before that a statement is anyone's. */
function verifiedContent({ content }: Bundle, bytes: Uint8Array): Voucher['content'] {
  switch (content.$case) {
    case 'messageSignature':
      return { kind: 'message' };
    case 'dsseEnvelope':
      return { kind: 'attestation', predicateType: predicateTypeFor(content.dsseEnvelope, bytes) };
  }
}
