/** NFTNL_UDATA_RULE_COMMENT, NFTNL_UDATA_CHAIN_COMMENT, NFTNL_UDATA_TABLE_COMMENT (libnftnl/udata.h). */
const commentType = 0;

/** A comment as user data, where `nft` reads it: a list of type, length and value, of text with a zero at its end. */
export function encodeComment(comment: string): Uint8Array {
  const text = new TextEncoder().encode(`${comment}\0`);
  return Uint8Array.of(commentType, text.length, ...text);
}

/** Undefined where there is no comment among the user data. */
export function decodeComment(userData: Uint8Array): string | undefined {
  for (let at = 0; at + 2 <= userData.length; ) {
    const [type = 0, length = 0] = userData.subarray(at, at + 2);
    const value = userData.subarray(at + 2, at + 2 + length);
    if (type === commentType) return new TextDecoder().decode(value).replace(/\0.*$/s, '');
    at += 2 + length;
  }
  return undefined;
}
