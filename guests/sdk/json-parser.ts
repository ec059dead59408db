import { fail } from 'bulkhead-sdk/failure';
import { digitOf } from 'bulkhead-sdk/ip-text';
import { Json, JsonKind } from 'bulkhead-sdk/json';

const deepest = 200;

/** Reads a JSON text (RFC 8259). What is no JSON, or more than 200 levels deep, ends the call with `attempt: reason`. */
export function parseJson(text: string, attempt: string): Json {
  return new Parser(text, attempt).document();
}

class Parser {
  private at: i32 = 0;

  constructor(
    private text: string,
    private attempt: string,
  ) {}

  document(): Json {
    const value = this.value(0);
    if (this.next() >= 0) this.refuse('after top-level value');
    return value;
  }

  private value(depth: i32): Json {
    if (depth > deepest) fail(`${this.attempt}: json: exceeded max depth`);
    switch (this.next()) {
      case 0x7b: // {
        return this.object(depth);
      case 0x5b: // [
        return this.list(depth);
      case 0x22: // "
        return this.string();
      case 0x74: // t
        return this.flag('true', true);
      case 0x66: // f
        return this.flag('false', false);
      case 0x6e: // n
        this.word('null');
        return new Json(JsonKind.Null);
      default:
        return this.number();
    }
  }

  private object(depth: i32): Json {
    const object = new Json(JsonKind.Object);
    this.at++;
    if (this.take(0x7d)) return object;
    do {
      if (this.next() !== 0x22) this.refuse('looking for beginning of object key string');
      object.keys.push(this.string().text);
      if (!this.take(0x3a)) this.refuse('after object key');
      object.items.push(this.value(depth + 1));
    } while (this.take(0x2c));
    if (!this.take(0x7d)) this.refuse('after object key:value pair');
    return object;
  }

  private list(depth: i32): Json {
    const list = new Json(JsonKind.List);
    this.at++;
    if (this.take(0x5d)) return list;
    do list.items.push(this.value(depth + 1));
    while (this.take(0x2c));
    if (!this.take(0x5d)) this.refuse('after array element');
    return list;
  }

  private string(): Json {
    const string = new Json(JsonKind.Text);
    let from = ++this.at;
    for (let code = this.peek(); code !== 0x22; code = this.peek()) {
      if (code < 0x20) this.refuse('in string literal');
      this.at++;
      if (code !== 0x5c) continue;
      string.text += this.text.substring(from, this.at - 1) + this.escape();
      from = this.at;
    }
    string.text += this.text.substring(from, this.at++);
    return string;
  }

  private escape(): string {
    const code = this.peek();
    this.at++;
    switch (code) {
      case 0x22: // "
      case 0x2f: // /
      case 0x5c: // \
        return String.fromCharCode(code);
      case 0x62: // b
        return '\b';
      case 0x66: // f
        return '\f';
      case 0x6e: // n
        return '\n';
      case 0x72: // r
        return '\r';
      case 0x74: // t
        return '\t';
      case 0x75: // u
        return this.character();
      default:
        this.at--;
        this.refuse('in string escape code');
        return '';
    }
  }

  /** After \u: a surrogate with its partner is a character, without it U+FFFD. */
  private character(): string {
    const first = this.hexadecimal();
    if (first < 0xd800 || first > 0xdfff) return String.fromCharCode(first);
    if (first < 0xdc00 && this.text.substr(this.at, 2) === '\\u') {
      const after = this.at;
      this.at += 2;
      const second = this.hexadecimal();
      if (second >= 0xdc00 && second <= 0xdfff) return String.fromCharCode(first, second);
      this.at = after;
    }
    return '\uFFFD';
  }

  private hexadecimal(): i32 {
    let value = 0;
    for (let i = 0; i < 4; i++) {
      const digit = digitOf(this.peek());
      if (digit < 0) this.refuse('in \\u hexadecimal character escape');
      value = (value << 4) | digit;
      this.at++;
    }
    return value;
  }

  private number(): Json {
    const number = new Json(JsonKind.Number);
    const from = this.at;
    if (this.peek() === 0x2d) this.at++;
    else if (!this.isDigit()) this.refuse('looking for beginning of value');
    if (this.peek() === 0x30) this.at++;
    else this.digits('in numeric literal');
    if (this.peek() === 0x2e) {
      this.at++;
      this.digits('after decimal point in numeric literal');
    }
    if ((this.peek() | 0x20) === 0x65) {
      this.at++;
      if (this.peek() === 0x2b || this.peek() === 0x2d) this.at++;
      this.digits('in exponent of numeric literal');
    }
    number.text = this.text.substring(from, this.at);
    return number;
  }

  private digits(where: string): void {
    if (!this.isDigit()) this.refuse(where);
    while (this.isDigit()) this.at++;
  }

  private isDigit(): bool {
    const code = this.peek();
    return code >= 0x30 && code <= 0x39;
  }

  private flag(word: string, value: bool): Json {
    this.word(word);
    const flag = new Json(JsonKind.Flag);
    flag.flag = value;
    return flag;
  }

  private word(word: string): void {
    if (this.text.substr(this.at, word.length) !== word) this.refuse(`in literal ${word}`);
    this.at += word.length;
  }

  /** Steps over the character where it is the next one. */
  private take(code: i32): bool {
    if (this.next() !== code) return false;
    this.at++;
    return true;
  }

  /** The next character that is not white space; -1 at the end. */
  private next(): i32 {
    let code = this.peek();
    for (; code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09; code = this.peek()) this.at++;
    return code;
  }

  private peek(): i32 {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : -1;
  }

  private refuse(where: string): void {
    const reason =
      this.at < this.text.length
        ? `invalid character '${this.text.charAt(this.at)}' ${where}`
        : 'unexpected end of JSON input';
    fail(`${this.attempt}: ${reason}`);
  }
}
