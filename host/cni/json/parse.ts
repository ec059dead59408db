import { JsonNumber, JsonObject, type JsonValue } from './value.ts';

/** The text is not JSON. The message is the one of Go's encoding/json, which tools that read CNI errors have met. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
  /** Bytes from the start. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Go's limit is 10,000 (encoding/json/scanner.go); what works on the value after that, by recursion, gets less far. */
const deepest = 1000;

type Container = { kind: 'array'; value: JsonValue[] } | { kind: 'object'; value: JsonObject; key: string };

/**
 * Parses UTF-8 text as Go's encoding/json does: no byte order mark, no trailing comma, at most 10,000 levels; bytes that
 * are not UTF-8, and surrogates without a partner, become U+FFFD. Does not recurse. Throws JsonSyntaxError.
 */
export function parseJson(bytes: Uint8Array): JsonValue {
  return new Parser(bytes).document();
}

class Parser {
  readonly #bytes: Uint8Array;
  #at = 0;
  readonly #stack: Container[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  document(): JsonValue {
    for (;;) {
      let value = this.#open();
      if (value === undefined) continue;
      for (;;) {
        const container = this.#stack.at(-1);
        if (container === undefined) return this.#finish(value);
        this.#add(container, value);
        if (!this.#closes(container)) break;
        this.#stack.pop();
        value = container.value;
      }
    }
  }

  /** Reads a scalar, or an empty container; undefined after stepping into one with contents. */
  #open(): JsonValue | undefined {
    const byte = this.#next();
    switch (byte) {
      case char('{'):
        return this.#enter({ kind: 'object', value: new JsonObject(), key: '' }, char('}'));
      case char('['):
        return this.#enter({ kind: 'array', value: [] }, char(']'));
      case char('"'):
        return this.#string();
      case char('t'):
        return this.#literal('true', true);
      case char('f'):
        return this.#literal('false', false);
      case char('n'):
        return this.#literal('null', null);
      default:
        if (byte === char('-') || isDigit(byte)) return this.#number();
        throw this.#invalid('looking for beginning of value');
    }
  }

  #enter(container: Container, close: number): JsonValue | undefined {
    if (this.#stack.length >= deepest) throw new JsonSyntaxError('exceeded max depth', this.#at);
    this.#at++;
    if (this.#next() === close) {
      this.#at++;
      return container.value;
    }
    if (container.kind === 'object') container.key = this.#key();
    this.#stack.push(container);
    return undefined;
  }

  #key(): string {
    if (this.#next() !== char('"')) throw this.#invalid('looking for beginning of object key string');
    const key = this.#string();
    if (this.#next() !== char(':')) throw this.#invalid('after object key');
    this.#at++;
    return key;
  }

  #add(container: Container, value: JsonValue): void {
    if (container.kind === 'array') container.value.push(value);
    else container.value.members.push([container.key, value]);
  }

  /** After an item: true at the end of the container, false before the next item. */
  #closes(container: Container): boolean {
    const byte = this.#next();
    const array = container.kind === 'array';
    if (byte === char(array ? ']' : '}')) {
      this.#at++;
      return true;
    }
    if (byte !== char(',')) throw this.#invalid(array ? 'after array element' : 'after object key:value pair');
    this.#at++;
    if (container.kind === 'object') container.key = this.#key();
    return false;
  }

  #finish(value: JsonValue): JsonValue {
    this.#space();
    if (this.#at < this.#bytes.length) throw this.#invalid('after top-level value');
    return value;
  }

  #literal<T extends JsonValue>(word: string, value: T): T {
    for (const [i, letter] of [...word].entries()) {
      if (this.#byte() !== char(letter)) {
        throw this.#invalid(i === 0 ? 'looking for beginning of value' : `in literal ${word} (expecting '${letter}')`);
      }
      this.#at++;
    }
    return value;
  }

  #number(): JsonNumber {
    const from = this.#at;
    if (this.#byte() === char('-')) this.#at++;
    if (this.#byte() === char('0')) this.#at++;
    else this.#digits('in numeric literal');
    if (this.#peek() === char('.')) {
      this.#at++;
      this.#digits('after decimal point in numeric literal');
    }
    if (this.#peek() === char('e') || this.#peek() === char('E')) {
      this.#at++;
      if (this.#peek() === char('+') || this.#peek() === char('-')) this.#at++;
      this.#digits('in exponent of numeric literal');
    }
    return new JsonNumber(utf8.decode(this.#bytes.subarray(from, this.#at)));
  }

  #digits(where: string): void {
    if (!isDigit(this.#byte())) throw this.#invalid(where);
    while (isDigit(this.#peek())) this.#at++;
  }

  #string(): string {
    const from = ++this.#at;
    let escaped = false;
    for (let byte = this.#byte(); byte !== char('"'); byte = this.#byte()) {
      if (byte < 0x20) throw this.#invalid('in string literal');
      this.#at++;
      if (byte !== char('\\')) continue;
      escaped = true;
      this.#escape();
    }
    const text = utf8.decode(this.#bytes.subarray(from, this.#at));
    this.#at++;
    return escaped ? resolveEscapes(text) : text;
  }

  #escape(): void {
    const byte = this.#byte();
    if (!'bfnrt"\\/u'.includes(String.fromCharCode(byte))) throw this.#invalid('in string escape code');
    this.#at++;
    if (byte !== char('u')) return;
    for (let i = 0; i < 4; i++) {
      if (!/[0-9a-fA-F]/.test(String.fromCharCode(this.#byte()))) {
        throw this.#invalid('in \\u hexadecimal character escape');
      }
      this.#at++;
    }
  }

  #space(): void {
    for (let byte = this.#peek(); byte === 0x20 || (byte >= 0x09 && byte <= 0x0d); byte = this.#peek()) {
      if (byte === 0x0b || byte === 0x0c) return;
      this.#at++;
    }
  }

  #next(): number {
    this.#space();
    return this.#byte();
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new JsonSyntaxError('unexpected end of JSON input', this.#at);
    return byte;
  }

  #peek(): number {
    return this.#bytes[this.#at] ?? -1;
  }

  #invalid(where: string): JsonSyntaxError {
    return new JsonSyntaxError(`invalid character ${quote(this.#byte())} ${where}`, this.#at);
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function resolveEscapes(text: string): string {
  return text
    .replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string | undefined, letter: string) =>
      code === undefined ? (escapes[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
    )
    .toWellFormed();
}

/** A byte as Go's scanner prints it. */
function quote(byte: number): string {
  if (byte === char("'")) return "'\\''";
  if (byte === char('"')) return `'"'`;
  const named = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r', 92: '\\\\' }[byte];
  if (named !== undefined) return `'${named}'`;
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, '0')}'`;
  if (byte >= 0x80 && byte < 0xa1) return `'\\u00${byte.toString(16)}'`;
  return byte === 0xad ? `'\\u00ad'` : `'${String.fromCharCode(byte)}'`;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function char(letter: string): number {
  return letter.charCodeAt(0);
}
