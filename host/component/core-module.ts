import { ComponentFormatError, Reader } from './reader.ts';

/** Section ids of a core module, in the order in which they must stand (WebAssembly core specification, 5.5.2). */
const order = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
export const sectionIds = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  code: 10,
} as const;

export interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

/** The sections of a core module. Throws ComponentFormatError. */
export function readSections(module: Uint8Array): Section[] {
  const reader = new Reader(module);
  for (const byte of [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]) reader.expect(byte, 'core module');
  const sections: Section[] = [];
  while (!reader.done) {
    const id = reader.byte();
    sections.push({ id, body: reader.take(reader.u32()) });
  }
  return sections;
}

export function writeSections(sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  const chunks: (readonly number[] | Uint8Array)[] = [[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]];
  for (const { id, body } of sections) chunks.push([id], leb(body.length), body);
  return concat(chunks);
}

/** The section with `entry` as a further item of its vector; made where the module has none. Returns the new item's position. */
export function appendEntry(sections: Section[], id: number, entry: readonly number[]): number {
  const found = sections.findIndex((section) => section.id === id);
  if (found < 0) {
    const after = order.indexOf(id);
    const next = sections.findIndex((section) => section.id !== 0 && order.indexOf(section.id) > after);
    sections.splice(next < 0 ? sections.length : next, 0, { id, body: concat([[1], entry]) });
    return 0;
  }
  const reader = new Reader((sections[found] as Section).body);
  const count = reader.u32();
  const rest = reader.take(reader.end - reader.position);
  sections[found] = { id, body: concat([leb(count + 1), rest, entry]) };
  return count;
}

/** How many functions and globals a module imports: they come first in their index spaces. */
export function countImports(sections: readonly Section[]): { functions: number; globals: number } {
  const counts = { functions: 0, globals: 0 };
  const body = sections.find((section) => section.id === sectionIds.import)?.body;
  if (body === undefined) return counts;
  const reader = new Reader(body);
  reader.vector(() => {
    reader.string();
    reader.string();
    const kind = reader.byte();
    if (kind === 0x00) {
      counts.functions++;
      reader.u32();
    } else if (kind === 0x01) {
      reader.byte();
      skipLimits(reader);
    } else if (kind === 0x02) skipLimits(reader);
    else if (kind === 0x03) {
      counts.globals++;
      reader.skip(2);
    } else throw new ComponentFormatError(`import of kind ${kind} is not supported`);
  });
  return counts;
}

function skipLimits(reader: Reader): void {
  const flags = reader.byte();
  if (flags > 1) throw new ComponentFormatError('shared and 64-bit memories are not supported');
  reader.u32();
  if (flags === 1) reader.u32();
}

export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const byte = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? byte : byte | 0x80);
  } while (rest !== 0);
  return bytes;
}

export function concat(chunks: readonly (readonly number[] | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    result.set(chunk, at);
    at += chunk.length;
  }
  return result;
}
