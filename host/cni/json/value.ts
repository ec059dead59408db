/**
 * A JSON value as it was written: numbers as text, since 2^53+1 is not a double; objects as the members that stood
 * there, in order and with duplicates, since their reading depends on who reads (Go matches keys without regard to case).
 */
export type JsonValue = null | boolean | string | JsonNumber | JsonValue[] | JsonObject;

export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export class JsonObject {
  readonly members: (readonly [key: string, value: JsonValue])[] = [];

  /**
   * The value of the member with that key, whatever its case: the last one that is not null, as Go's decoder leaves it.
   * Objects that stand there several times are laid over each other.
   */
  get(key: string): JsonValue | undefined {
    const wanted = key.toLowerCase();
    let found: JsonValue | undefined;
    for (const [name, value] of this.members) {
      if (name !== key && name.toLowerCase() !== wanted) continue;
      if (found instanceof JsonObject && value instanceof JsonObject) found = overlay(found, value);
      else if (value !== null || found === undefined) found = value;
    }
    return found;
  }
}

/** The name of a value's kind in Go's error texts. */
export function kindOf(value: JsonValue): 'null' | 'bool' | 'string' | 'number' | 'array' | 'object' {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (value instanceof JsonNumber) return 'number';
  return Array.isArray(value) ? 'array' : 'object';
}

function overlay(under: JsonObject, over: JsonObject): JsonObject {
  const result = new JsonObject();
  result.members.push(...under.members, ...over.members);
  return result;
}
