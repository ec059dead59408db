import { formatCompact } from './json/format.ts';
import { JsonObject, type JsonValue } from './json/value.ts';

/** The part of a JSON Schema that says how keys are spelled. */
export interface KeySchema {
  readonly properties?: Readonly<Record<string, KeySchema>> | undefined;
  readonly items?: KeySchema | undefined;
}

/** Keys that every network configuration may have (CNI specification 1.1.0, section 1, and CONVENTIONS.md). */
const standardKeys: KeySchema = {
  properties: {
    cniVersion: {},
    name: {},
    type: {},
    args: { properties: { cni: {} } },
    runtimeConfig: {},
    ipam: { properties: { type: {} } },
    dns: { properties: { nameservers: {}, domain: {}, search: {}, options: {} } },
  },
};

/** Of plugins that do not say what keys they know. */
export const anyConfiguration: KeySchema = {};

/** A configuration in the one reading that plugins get. */
export interface CanonicalConfiguration {
  readonly text: string;
  /** What the text says; parsed when somebody looks. */
  readonly value: unknown;
}

/** Of documents that are still in use: each is read once for each schema. */
const readings = new WeakMap<JsonObject, Map<KeySchema, CanonicalConfiguration>>();

/**
 * The one reading of a configuration that plugins get: keys in the spelling of the schema, no key twice, without the
 * previous result, which they get decoded. Keys that the schema does not have stay as they are.
 */
export function canonicalConfiguration(document: JsonObject, schema: KeySchema): CanonicalConfiguration {
  const known = readings.get(document) ?? new Map<KeySchema, CanonicalConfiguration>();
  readings.set(document, known);
  const found = known.get(schema) ?? read(document, schema);
  known.set(schema, found);
  return found;
}

function read(document: JsonObject, schema: KeySchema): CanonicalConfiguration {
  const result = canonicalObject(document, withStandardKeys(schema));
  const members = result.members.filter(([key]) => key.toLowerCase() !== 'prevresult');
  const text = formatCompact(Object.fromEntries(members));
  let value: unknown;
  return {
    text,
    get value() {
      value ??= JSON.parse(text);
      return value;
    },
  };
}

function canonical(value: JsonValue, schema: KeySchema | undefined): JsonValue {
  if (Array.isArray(value)) return value.map((item) => canonical(item, schema?.items));
  return value instanceof JsonObject ? canonicalObject(value, schema) : value;
}

function canonicalObject(object: JsonObject, schema: KeySchema | undefined): JsonObject {
  const spelling = spellingOf(schema);
  const result = new JsonObject();
  const done = new Set<string>();
  for (const [written] of object.members) {
    const known = spelling.get(written.toLowerCase());
    const key = known ?? written;
    if (done.has(key)) continue;
    done.add(key);
    const value = known === undefined ? object.members.findLast(([name]) => name === key)?.[1] : object.get(key);
    if (value !== undefined) result.members.push([key, canonical(value, schema?.properties?.[key])]);
  }
  return result;
}

/** By schema, what is worked out of it once. */
const spellings = new WeakMap<KeySchema, ReadonlyMap<string, string>>();
const merged = new WeakMap<KeySchema, KeySchema>();
const noKeys: KeySchema = {};

/** From keys in small letters to their spelling. */
function spellingOf(schema: KeySchema = noKeys): ReadonlyMap<string, string> {
  const known = spellings.get(schema);
  if (known !== undefined) return known;
  const spelling = new Map(Object.keys(schema.properties ?? {}).map((key) => [key.toLowerCase(), key]));
  spellings.set(schema, spelling);
  return spelling;
}

function withStandardKeys(schema: KeySchema): KeySchema {
  const known = merged.get(schema) ?? merge(standardKeys, schema);
  merged.set(schema, known);
  return known;
}

function merge(base: KeySchema, over: KeySchema): KeySchema {
  const keys = new Set([...Object.keys(base.properties ?? {}), ...Object.keys(over.properties ?? {})]);
  const properties: Record<string, KeySchema> = {};
  for (const key of keys) {
    const [under, above] = [base.properties?.[key], over.properties?.[key]];
    properties[key] = under && above ? merge(under, above) : (above ?? under ?? {});
  }
  return { properties, items: over.items ?? base.items };
}
