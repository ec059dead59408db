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

/**
 * The one reading of a configuration that plugins get: keys in the spelling of the schema, no key twice, without the
 * previous result, which they get decoded. Keys that the schema does not have stay as they are.
 */
export function canonicalConfiguration(document: JsonObject, schema: KeySchema): string {
  const result = canonicalObject(document, merge(standardKeys, schema));
  const members = result.members.filter(([key]) => key.toLowerCase() !== 'prevresult');
  return formatCompact(Object.fromEntries(members));
}

function canonical(value: JsonValue, schema: KeySchema | undefined): JsonValue {
  if (Array.isArray(value)) return value.map((item) => canonical(item, schema?.items));
  return value instanceof JsonObject ? canonicalObject(value, schema) : value;
}

function canonicalObject(object: JsonObject, schema: KeySchema | undefined): JsonObject {
  const spelling = new Map(Object.keys(schema?.properties ?? {}).map((key) => [key.toLowerCase(), key]));
  const result = new JsonObject();
  const done = new Set<string>();
  for (const [written] of object.members) {
    const key = spelling.get(written.toLowerCase()) ?? written;
    if (done.has(key)) continue;
    done.add(key);
    const known = spelling.has(written.toLowerCase());
    const value = known ? object.get(key) : object.members.findLast(([name]) => name === key)?.[1];
    if (value !== undefined) result.members.push([key, canonical(value, schema?.properties?.[key])]);
  }
  return result;
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
