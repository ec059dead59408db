// IP addresses as people write them, read as strictly as Go's net/netip does.

/** The bits of four decimal octets without leading zeros; -1 where the text is something else. */
export function parseV4(text: string): i64 {
  const octets = text.split('.');
  if (octets.length !== 4) return -1;
  let bits: u32 = 0;
  for (let i = 0; i < 4; i++) {
    const octet = parseDigits(octets[i], 10, 3);
    if (octet < 0 || octet > 255 || (octets[i].length > 1 && octets[i].startsWith('0'))) return -1;
    bits = (bits << 8) | <u32>octet;
  }
  return bits;
}

/** The eight groups of an IPv6 address without a zone, its last two possibly written as IPv4; null where the text is something else. */
export function parseV6(text: string): u16[] | null {
  const gap = text.indexOf('::');
  if (gap < 0) {
    const groups = parseGroups(text);
    return groups !== null && groups.length === 8 ? groups : null;
  }
  const before = text.substring(0, gap);
  if (before.includes('.')) return null;
  const left = parseGroups(before);
  const right = parseGroups(text.substring(gap + 2));
  if (left === null || right === null || left.length + right.length > 7) return null;
  while (left.length + right.length < 8) left.push(0);
  return left.concat(right);
}

/** Groups with colons between them, none where the text is empty. */
function parseGroups(text: string): u16[] | null {
  const groups: u16[] = [];
  if (text === '') return groups;
  const parts = text.split(':');
  for (let i = 0; i < parts.length; i++) {
    const bits = i === parts.length - 1 ? parseV4(parts[i]) : -1;
    if (bits >= 0) {
      groups.push(<u16>(bits >> 16));
      groups.push(<u16>bits);
      continue;
    }
    const group = parseDigits(parts[i], 16, 4);
    if (group < 0) return null;
    groups.push(<u16>group);
  }
  return groups;
}

/** The number of one to `most` digits; -1 where the text is something else. */
export function parseDigits(text: string, radix: i32, most: i32): i32 {
  if (text.length === 0 || text.length > most) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = digitOf(text.charCodeAt(i));
    if (digit < 0 || digit >= radix) return -1;
    value = value * radix + digit;
  }
  return value;
}

/** What a decimal or hexadecimal digit stands for; -1 for other characters. */
export function digitOf(code: i32): i32 {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}
