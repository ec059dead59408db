import { KeyError } from './key-error.ts';

/** Longest PEM text read, in characters. A P-256 key has 240, an encrypted one 400. */
const longest = 16 * 1024;

/**
 * The label of a text that is one PEM block and nothing else (RFC 7468, strict): `PUBLIC KEY`. OpenSSL would take the
 * first block that fits, and derive a public key from a private one or a certificate: here a file is what its label says.
 * Throws KeyError `unreadable`.
 */
export function pemLabel(text: string): string {
  if (text.length > longest) throw new KeyError('unreadable', `a key has at most ${longest} characters of PEM`);
  const match = /^-----BEGIN ([A-Z0-9 ]+)-----\r?\n[A-Za-z0-9+/=\r\n]+-----END \1-----$/.exec(text.trim());
  const label = match?.[1];
  if (label === undefined) throw new KeyError('unreadable', 'not a key: one block of PEM is expected');
  return label;
}
