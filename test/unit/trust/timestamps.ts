import { createHash, type KeyObject, sign } from 'node:crypto';
import { ecdsaWithSha256, type Issuer } from './certificates.ts';
import { integer, octets, oid, sequence, set, tagged, time } from './der.ts';

const sha256Algorithm = sequence(oid('2.16.840.1.101.3.4.2.1'));
const tstInfoType = oid('1.2.840.113549.1.9.16.1.4');

/** A timestamp over data (RFC 3161, 2.4.2), signed with a certificate that the root gave to the authority. */
export function timestampResponse(root: Issuer, authority: Issuer, data: Uint8Array, at: Date): Buffer {
  const imprint = sequence(sha256Algorithm, octets(digest(data)));
  const info = sequence(integer(1), oid('1.2.3'), imprint, integer(5), time(at));
  const signedData = sequence(
    integer(3),
    set(sha256Algorithm),
    sequence(tstInfoType, tagged(0, octets(info))),
    set(signerInfo(root.name, authority.privateKey, info)),
  );
  return sequence(sequence(integer(0)), sequence(oid('1.2.840.113549.1.7.2'), tagged(0, signedData)));
}

/** RFC 5652, 5.3: the signature is over the attributes as a SET. */
function signerInfo(issuer: Buffer, privateKey: KeyObject, info: Buffer): Buffer {
  const attributes = [
    sequence(oid('1.2.840.113549.1.9.3'), set(tstInfoType)),
    sequence(oid('1.2.840.113549.1.9.4'), set(octets(digest(info)))),
  ];
  const signature = sign('sha256', set(...attributes), privateKey);
  const signer = sequence(issuer, integer(7));
  return sequence(integer(1), signer, sha256Algorithm, tagged(0, ...attributes), ecdsaWithSha256, octets(signature));
}

function digest(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
