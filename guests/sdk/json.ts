import { Some } from 'bulkhead-sdk/abi/values';

export enum JsonKind {
  Null,
  Flag,
  Number,
  Text,
  List,
  Object,
}

/** A value of a JSON text. */
export class Json {
  flag: bool = false;
  /** Of a text; of a number, as written. */
  text: string = '';
  /** Of an object, beside its values in `items`. */
  keys: string[] = [];
  /** Of a list or an object. */
  items: Json[] = [];

  constructor(readonly kind: JsonKind) {}

  /** The value of a key, the last one where it is there twice; null where it is not there. */
  find(key: string): Json | null {
    const at = this.keys.lastIndexOf(key);
    return at < 0 ? null : this.items[at];
  }

  /** The number, exactly; null where it is none, is written with a point or an exponent, or needs more than 64 bits. */
  integer(): Some<i64> | null {
    if (this.kind !== JsonKind.Number) return null;
    const negative = this.text.startsWith('-');
    // A sum of negative numbers, since there is one more of them.
    let value: i64 = 0;
    for (let i = negative ? 1 : 0; i < this.text.length; i++) {
      const digit = this.text.charCodeAt(i) - 0x30;
      if (digit < 0 || digit > 9) return null;
      if (value < (i64.MIN_VALUE + digit) / 10) return null;
      value = value * 10 - digit;
    }
    if (!negative && value === i64.MIN_VALUE) return null;
    return new Some<i64>(negative ? value : -value);
  }

  /** What the value is, as Go's encoding/json says it in errors. */
  description(): string {
    switch (this.kind) {
      case JsonKind.Flag:
        return 'bool';
      case JsonKind.Number:
        return 'number';
      case JsonKind.Text:
        return 'string';
      case JsonKind.List:
        return 'array';
      case JsonKind.Object:
        return 'object';
      default:
        return 'null';
    }
  }
}
