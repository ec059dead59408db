import { Tuple6 } from 'bulkhead-sdk/abi/values';
import { digitOf } from 'bulkhead-sdk/ip-text';

export type MacAddress = Tuple6<u8, u8, u8, u8, u8, u8>;

/** Reads six bytes as Go's net.ParseMAC does: `0a:58:…`, `0a-58-…` or `0a58.0a01.0203`. Null where the text is something else. */
export function parseMac(text: string): MacAddress | null {
  if (text.length === 17 && (text.charAt(2) === ':' || text.charAt(2) === '-')) return parseGroups(text, 2);
  return text.length === 14 && text.charAt(4) === '.' ? parseGroups(text, 4) : null;
}

/** Lower case, with colons. */
export function formatMac(mac: MacAddress): string {
  return [hex(mac._0), hex(mac._1), hex(mac._2), hex(mac._3), hex(mac._4), hex(mac._5)].join(':');
}

/** Groups of so many digits, all with the separator after the first between them. */
function parseGroups(text: string, size: i32): MacAddress | null {
  const bytes: u8[] = [];
  const separator = text.charCodeAt(size);
  for (let at = 0; at < text.length; at += 2) {
    if (at % (size + 1) === size) {
      if (text.charCodeAt(at) !== separator) return null;
      at++;
    }
    const high = digitOf(text.charCodeAt(at));
    const low = digitOf(text.charCodeAt(at + 1));
    if (high < 0 || low < 0) return null;
    bytes.push(<u8>((high << 4) | low));
  }
  return new Tuple6<u8, u8, u8, u8, u8, u8>(bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
}

function hex(byte: u8): string {
  return byte.toString(16).padStart(2, '0');
}
