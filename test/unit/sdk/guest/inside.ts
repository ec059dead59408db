import { Tuple3 } from 'bulkhead-sdk/abi/values';
import { Arguments } from 'bulkhead-sdk/arguments';
import { Configuration } from 'bulkhead-sdk/configuration';
import { expect } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import { Json, JsonKind } from 'bulkhead-sdk/json';
import { parseJson } from 'bulkhead-sdk/json-parser';
import { formatMac, parseMac } from 'bulkhead-sdk/mac';
import { Prefix } from 'bulkhead-sdk/prefix';

export function ip(text: string): string | null {
  const parsed = Ip.parse(text);
  return parsed === null ? null : parsed.toString();
}

export function offset(text: string, by: i64): string {
  return ipOf(text).offset(by).toString();
}

export function compare(a: string, b: string): i32 {
  return ipOf(a).compare(ipOf(b));
}

export function ipThereAndBack(text: string): string {
  return Ip.from(ipOf(text).toWit()).toString();
}

export function prefix(text: string): Tuple3<string, string, string> | null {
  const parsed = Prefix.parse(text);
  if (parsed === null) return null;
  return new Tuple3<string, string, string>(
    Prefix.from(parsed.toWit()).toString(),
    parsed.network.toString(),
    parsed.last.toString(),
  );
}

export function contains(text: string, address: string): bool {
  return prefixOf(text).contains(ipOf(address));
}

export function overlaps(a: string, b: string): bool {
  return prefixOf(a).overlaps(prefixOf(b));
}

export function mac(text: string): string | null {
  const parsed = parseMac(text);
  return parsed === null ? null : formatMac(parsed);
}

export function json(text: string): string {
  return write(parseJson(text, 'reading'));
}

export function text(config: string, key: string): string {
  return Configuration.parse(config).text(key, 'the default');
}

export function flag(config: string, key: string): bool {
  return Configuration.parse(config).flag(key);
}

export function integer(config: string, key: string, least: i64, most: i64): i64 {
  return Configuration.parse(config).integer(key, -1, least, most);
}

export function inner(config: string, key: string): string[] {
  return Configuration.parse(config).object('outer').texts(key);
}

export function argument(text: string, known: string[], key: string): string {
  return Arguments.parse(text, known).get(key);
}

function ipOf(text: string): Ip {
  return expect<Ip>(Ip.parse(text), 'no address');
}

function prefixOf(text: string): Prefix {
  return expect<Prefix>(Prefix.parse(text), 'no prefix');
}

function write(value: Json): string {
  switch (value.kind) {
    case JsonKind.Flag:
      return value.flag ? 'true' : 'false';
    case JsonKind.Number:
      return value.text;
    case JsonKind.Text:
      return writeText(value.text);
    case JsonKind.List:
      return `[${value.items.map<string>((item) => write(item)).join(',')}]`;
    case JsonKind.Object: {
      const members: string[] = [];
      for (let i = 0; i < value.items.length; i++) members.push(`${writeText(value.keys[i])}:${write(value.items[i])}`);
      return `{${members.join(',')}}`;
    }
    default:
      return 'null';
  }
}

/** As JSON.stringify does. */
function writeText(text: string): string {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isPlain = code >= 0x20 && code !== 0x22 && code !== 0x5c;
    out += isPlain ? text.charAt(i) : `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return `${out}"`;
}
