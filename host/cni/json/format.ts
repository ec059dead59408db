import { JsonNumber, JsonObject, type JsonValue } from './value.ts';

/** What can be printed: members that are undefined are left out. */
export type Printable =
  | null
  | boolean
  | number
  | string
  | JsonNumber
  | readonly Printable[]
  | JsonObject
  | { readonly [key: string]: Printable | undefined };

/** As Go's MarshalIndent with four spaces and its escaping for HTML; no newline at the end. */
export function formatIndented(value: Printable): string {
  return print(value, '\n', '    ', ': ');
}

/** Without white space, as Go's Marshal. */
export function formatCompact(value: Printable): string {
  return print(value, '', '', ':');
}

function print(value: Printable, line: string, step: string, colon: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return printString(value);
  if (value instanceof JsonNumber) return value.text;
  const inner = line + step;
  const isArray = (one: Printable): one is readonly Printable[] => Array.isArray(one);
  if (isArray(value))
    return enclose(
      '[',
      value.map((item) => print(item, inner, step, colon)),
      ']',
      line,
      inner,
    );
  const members: readonly (readonly [string, Printable | undefined])[] =
    value instanceof JsonObject ? value.members : Object.entries(value);
  const printed = members.flatMap(([key, item]) =>
    item === undefined ? [] : [`${printString(key)}${colon}${print(item, inner, step, colon)}`],
  );
  return enclose('{', printed, '}', line, inner);
}

function enclose(open: string, items: readonly string[], close: string, line: string, inner: string): string {
  return items.length === 0 ? open + close : `${open}${inner}${items.join(`,${inner}`)}${line}${close}`;
}

/** What JSON.stringify leaves, and Go does not. */
const escaped = /[<>&\u2028\u2029]/g;

function printString(text: string): string {
  const printed = JSON.stringify(text.toWellFormed());
  if (printed.search(escaped) < 0) return printed;
  return printed.replaceAll(escaped, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The value with object keys sorted at every level, as Go prints maps. */
export function sortKeys(value: Printable): Printable {
  if (value === null || typeof value !== 'object' || value instanceof JsonNumber) return value;
  const isArray = (one: Printable): one is readonly Printable[] => Array.isArray(one);
  if (isArray(value)) return value.map(sortKeys);
  const members = value instanceof JsonObject ? value.members : Object.entries(value);
  const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(sorted.map(([key, item]) => [key, item === undefined ? undefined : sortKeys(item)]));
}

/** The value as ordinary JavaScript data; the last duplicate of a key wins. */
export function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof JsonObject) return Object.fromEntries(value.members.map(([key, item]) => [key, plain(item)]));
  return value;
}
