declare const macBrand: unique symbol;

/** A 48-bit hardware address as lower-case hexadecimal octets with colons: 0a:58:0a:01:00:02. */
export type MacAddress = string & { readonly [macBrand]: true };

/** Reads six octets of two hexadecimal digits, separated by colons. Returns undefined for anything else. */
export function parseMac(text: string): MacAddress | undefined {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) ? (text.toLowerCase() as MacAddress) : undefined;
}

export function macBytes(mac: MacAddress): Uint8Array {
  return Uint8Array.from(mac.split(':'), (octet) => Number.parseInt(octet, 16));
}

/** Formats six bytes. Throws TypeError for another length. */
export function formatMac(bytes: Uint8Array): MacAddress {
  if (bytes.length !== 6) throw new TypeError(`a hardware address has 6 bytes, not ${bytes.length}`);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':') as MacAddress;
}
