import { fail } from 'bulkhead-sdk/failure';
import { Json, JsonKind } from 'bulkhead-sdk/json';
import { parseJson } from 'bulkhead-sdk/json-parser';

const attempt = 'failed to load netconf';

/**
 * A network configuration, or an object or a list in it. A key that is absent or null has its default; one of another type than
 * asked for ends the call, in the words of Go's encoding/json and with the path to it.
 */
export class Configuration {
  private constructor(
    private json: Json,
    private path: string,
  ) {}

  static parse(text: string): Configuration {
    return new Configuration(parseJson(text, attempt), '').mustBe(JsonKind.Object, 'object');
  }

  /** Whether the key is there, and not null. */
  has(key: string): bool {
    return this.find(key) !== null;
  }

  text(key: string, fallback: string = ''): string {
    const found = this.find(key);
    return found === null ? fallback : found.asText();
  }

  flag(key: string, fallback: bool = false): bool {
    const found = this.find(key);
    return found === null ? fallback : found.mustBe(JsonKind.Flag, 'bool').json.flag;
  }

  /** The integer from `least` to `most`, exactly as written. */
  integer(key: string, fallback: i64 = 0, least: i64 = i64.MIN_VALUE, most: i64 = i64.MAX_VALUE): i64 {
    const found = this.find(key);
    if (found === null) return fallback;
    const integer = found.mustBe(JsonKind.Number, 'int').json.integer();
    if (integer === null || integer.value < least || integer.value > most) return found.refuse<i64>('int');
    return integer.value;
  }

  /** The object of a key, an empty one where there is none. */
  object(key: string): Configuration {
    const found = this.find(key);
    if (found === null) return new Configuration(new Json(JsonKind.Object), this.pathOf(key));
    return found.mustBe(JsonKind.Object, 'object');
  }

  /** The items of a key's list, none where there is no list. */
  list(key: string): Configuration[] {
    const found = this.find(key);
    return found === null ? [] : found.items();
  }

  texts(key: string): string[] {
    return this.list(key).map<string>((item) => item.asText());
  }

  /** The items of this list. */
  items(): Configuration[] {
    if (this.isNull) return [];
    const json = this.mustBe(JsonKind.List, 'slice').json;
    const items: Configuration[] = [];
    for (let i = 0; i < json.items.length; i++) items.push(new Configuration(json.items[i], this.path));
    return items;
  }

  /** This text; an empty one where it is null. */
  asText(): string {
    return this.isNull ? '' : this.mustBe(JsonKind.Text, 'string').json.text;
  }

  get isNull(): bool {
    return this.json.kind === JsonKind.Null;
  }

  private find(key: string): Configuration | null {
    if (this.isNull) return null;
    const json = this.mustBe(JsonKind.Object, 'object').json.find(key);
    return json === null || json.kind === JsonKind.Null ? null : new Configuration(json, this.pathOf(key));
  }

  private pathOf(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  private mustBe(kind: JsonKind, type: string): Configuration {
    return this.json.kind === kind ? this : this.refuse<Configuration>(type);
  }

  private refuse<T>(type: string): T {
    const json = this.json;
    const found = json.kind === JsonKind.Number ? `number ${json.text}` : json.description();
    return fail<T>(
      `${attempt}: json: cannot unmarshal ${found} into Go struct field NetConf.${this.path} of type ${type}`,
    );
  }
}
