declare const macBrand: unique symbol;

/** A 48-bit hardware address as lower-case hexadecimal octets with colons: 0a:58:0a:01:00:02. */
export type MacAddress = string & { readonly [macBrand]: true };

/** Reads six octets of two hexadecimal digits, separated by colons. Returns undefined for anything else. */
export function parseMac(text: string): MacAddress | undefined {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) ? (text.toLowerCase() as MacAddress) : undefined;
}

export function macBytes(mac: MacAddress): Uint8Array {
  return Uint8Array.from({ length: 6 }, (_, i) => Number.parseInt(mac.slice(3 * i, 3 * i + 2), 16));
}

/** Formats six bytes. Throws TypeError for another length. */
export function formatMac(bytes: Uint8Array): MacAddress {
  if (bytes.length !== 6) throw new TypeError(`a hardware address has 6 bytes, not ${bytes.length}`);
  let text = '';
  for (const byte of bytes) text += `${text === '' ? '' : ':'}${octets[byte]}`;
  return text as MacAddress;
}

/** Of two hexadecimal digits. */
const octets = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
