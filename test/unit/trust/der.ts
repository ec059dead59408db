/** One DER element (X.690) of bytes that are the elements inside it, or its value. */
function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(value.length)]), value]);
}

export const sequence = (...content: readonly Uint8Array[]) => element(0x30, ...content);
export const set = (...content: readonly Uint8Array[]) => element(0x31, ...content);
export const octets = (...content: readonly Uint8Array[]) => element(0x04, ...content);
export const bits = (content: Uint8Array) => element(0x03, Buffer.from([0]), content);
export const integer = (value: number) => element(0x02, Buffer.from([value]));
export const utf8 = (text: string) => element(0x0c, Buffer.from(text));
export const yes = element(0x01, Buffer.from([0xff]));
/** Context-specific and constructed: `[n] EXPLICIT`. */
export const tagged = (number: number, ...content: readonly Uint8Array[]) => element(0xa0 + number, ...content);
/** Context-specific and primitive: `[n] IMPLICIT IA5String`. */
export const ia5 = (number: number, text: string) => element(0x80 + number, Buffer.from(text, 'latin1'));

/** GeneralizedTime, to the second. */
export function time(at: Date): Buffer {
  return element(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}

/** `1.2.840.10045.4.3.2` */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const low = value % 128;
  const high = Math.floor(value / 128);
  return high === 0 ? [low] : [...base128(high).map((byte) => byte | 0x80), low];
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}
