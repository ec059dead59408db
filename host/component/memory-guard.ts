import {
  appendEntry,
  concat,
  countImports,
  leb,
  readSections,
  type Section,
  sectionIds,
  writeSections,
} from './core-module.ts';
import { opcodes, skipInstruction } from './instruction.ts';
import { ComponentFormatError, Reader } from './reader.ts';

/** Bytes of one page of linear memory. */
const pageSize = 65_536;

/** The exported global that is 1 after a `memory.grow` was refused. */
export const memoryGuardExport = 'bulkhead:memory-limit';

/**
 * Makes the module say so when it asks for more memory than it may have. V8 answers -1 to such a `memory.grow`, which most guests
 * turn into a bare `unreachable`: nothing tells it from a fault of their own. So each `memory.grow` becomes a call of
 * a function that sets an exported global and traps. Modules that never grow their memory are returned as they are.
 */
export function guardMemory(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = readSections(module);
  const code = sections.findIndex((section) => section.id === sectionIds.code);
  if (code < 0) return Uint8Array.from(module);
  const imported = countImports(sections);
  const guard = imported.functions + vectorLength(sections, sectionIds.function);
  const patched = replaceGrow((sections[code] as Section).body, guard);
  if (patched === undefined) return Uint8Array.from(module);
  sections[code] = { id: sectionIds.code, body: patched };

  const refused = imported.globals + appendEntry(sections, sectionIds.global, [0x7f, 0x01, 0x41, 0x00, 0x0b]);
  const type = appendEntry(sections, sectionIds.type, [0x60, 0x01, 0x7f, 0x01, 0x7f]);
  appendEntry(sections, sectionIds.function, leb(type));
  const name = new TextEncoder().encode(memoryGuardExport);
  appendEntry(sections, sectionIds.export, [...leb(name.length), ...name, 0x03, ...leb(refused)]);
  const body = guardBody(refused);
  appendEntry(sections, sectionIds.code, [...leb(body.length), ...body]);
  return writeSections(sections);
}

/** More entries than any table of functions has; each costs 8 bytes and more. */
const largestTable = 65_536;

/** The module with its memory bounded to `bytes`, rounded down to pages, and its table to `largestTable`. Throws MemoryTooLarge where it starts with more. */
export function capMemory(module: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const most = Math.floor(bytes / pageSize);
  const sections = readSections(module).map(({ id, body }) => {
    if (id === sectionIds.memory) return { id, body: capped(body, [], most, pageSize, 'memories') };
    if (id === sectionIds.table) return { id, body: capped(body, [funcref], largestTable, 8, 'tables') };
    return { id, body };
  });
  return writeSections(sections);
}

/** Whether the module has a memory of its own, and does not work with that of another. */
export function hasMemory(module: Uint8Array): boolean {
  return readSections(module).some(({ id }) => id === sectionIds.memory);
}

const funcref = 0x70;

/** A section of one memory or table (core specification, 5.5.6 and 5.5.7) with its upper limit at most `most`. */
function capped(
  body: Uint8Array,
  type: readonly number[],
  most: number,
  unit: number,
  what: string,
): Uint8Array<ArrayBuffer> {
  const reader = new Reader(body);
  if (reader.u32() !== 1) throw new ComponentFormatError(`several ${what} are not supported`);
  for (const byte of type) reader.expect(byte, `type of ${what}`);
  const flags = reader.byte();
  if (flags > 1) throw new ComponentFormatError(`shared and 64-bit ${what} are not supported`);
  const initial = reader.u32();
  const maximum = Math.min(most, flags === 1 ? reader.u32() : most);
  if (initial > most) throw new MemoryTooLarge(initial * unit);
  return concat([[1, ...type, 1], leb(initial), leb(maximum)]);
}

/** A module starts with more memory than it may have. */
export class MemoryTooLarge extends Error {
  override readonly name = 'MemoryTooLarge';
  readonly bytes: number;

  constructor(bytes: number) {
    super(`starts with ${bytes} bytes of memory`);
    this.bytes = bytes;
  }
}

function vectorLength(sections: readonly Section[], id: number): number {
  const body = sections.find((section) => section.id === id)?.body;
  return body === undefined ? 0 : new Reader(body).u32();
}

/** The code section with each `memory.grow` turned into a call of `guard`; undefined where there is none. */
function replaceGrow(code: Uint8Array, guard: number): Uint8Array | undefined {
  const reader = new Reader(code);
  let found = false;
  const bodies = reader.vector(() => {
    const body = reader.take(reader.u32());
    const patched = replaceInBody(body, guard);
    if (patched !== undefined) found = true;
    return patched ?? body;
  });
  if (!found) return undefined;
  return concat([leb(bodies.length), ...bodies.flatMap((body) => [leb(body.length), body])]);
}

function replaceInBody(body: Uint8Array, guard: number): Uint8Array | undefined {
  const reader = new Reader(body);
  reader.vector(() => {
    reader.u32();
    reader.byte();
  });
  const chunks: (readonly number[] | Uint8Array)[] = [];
  let copied = 0;
  while (!reader.done) {
    const from = reader.position;
    if (skipInstruction(reader) !== opcodes.memoryGrow) continue;
    chunks.push(body.subarray(copied, from), [opcodes.call, ...leb(guard)]);
    copied = reader.position;
  }
  return chunks.length === 0 ? undefined : concat([...chunks, body.subarray(copied)]);
}

/** `(func (param i32) (result i32) …)`: grow; if that gave -1, set the global and trap; else give what it gave. */
function guardBody(refused: number): number[] {
  const localGet = [0x20, 0x00];
  const grow = [opcodes.memoryGrow, 0x00];
  const tee = [0x22, 0x00];
  const isMinusOne = [0x41, 0x7f, 0x46];
  const refuse = [0x04, 0x40, 0x41, 0x01, 0x24, ...leb(refused), 0x00, 0x0b];
  return [0x00, ...localGet, ...grow, ...tee, ...isMinusOne, ...refuse, ...localGet, 0x0b];
}
