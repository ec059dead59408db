import {
  at,
  type Entity,
  type Instance,
  interfaceShape,
  newScope,
  pushEntity,
  readAlias,
  readDefinition,
  readExtern,
  readExternName,
  type Scope,
} from './definitions.ts';
import { hasMemory } from './memory-guard.ts';
import { ComponentFormatError, hex, Reader } from './reader.ts';
import type { ComponentShape, ExternShape } from './shape.ts';

/** `\0asm`, version 13, layer 1: a component (component-model Binary.md). A core module has layer 0. */
const preamble = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

interface Nested {
  readonly reader: Reader;
  readonly scope: Scope;
}

interface Level {
  readonly scope: Scope;
  readonly components: Nested[];
  /** Core modules: whether each has a memory of its own. */
  readonly modules: boolean[];
  readonly arguments: ReadonlyMap<string, Entity> | undefined;
  readonly imports: Map<string, Entity>;
  readonly exports: Map<string, Entity>;
}

/**
 * Reads what a component imports and exports, with types, by following its definitions and aliases; nothing is run.
 * Throws ComponentFormatError for anything that is not a component of the kind that a plugin may be.
 */
export function decodeComponent(bytes: Uint8Array): ComponentShape {
  assertComponent(bytes);
  const level = readLevel(new Reader(bytes, preamble.length), newScope(), undefined);
  return { imports: shapes(level.imports), exports: shapes(level.exports) };
}

/** The contents of the custom section of that name in the outermost component; undefined where there is none. */
export function customSection(bytes: Uint8Array, name: string): Uint8Array | undefined {
  assertComponent(bytes);
  const reader = new Reader(bytes, preamble.length);
  while (!reader.done) {
    const id = reader.byte();
    const section = reader.section(reader.u32());
    if (id === 0 && section.string() === name) return section.take(section.end - section.position);
  }
  return undefined;
}

function assertComponent(bytes: Uint8Array): void {
  if (preamble.some((byte, i) => bytes[i] !== byte)) {
    const core = preamble.slice(0, 4).every((byte, i) => bytes[i] === byte);
    throw new ComponentFormatError(core ? 'a core module or an unknown version, not a component' : 'not WebAssembly');
  }
}

function shapes(entities: Map<string, Entity>): ReadonlyMap<string, ExternShape> {
  const result = new Map<string, ExternShape>();
  for (const [name, entity] of entities) {
    if ('exports' in entity) result.set(name, interfaceShape(entity, name));
    else if (entity.kind === 'function') result.set(name, entity);
  }
  return result;
}

function readLevel(reader: Reader, scope: Scope, given: ReadonlyMap<string, Entity> | undefined): Level {
  const level: Level = { scope, components: [], modules: [], arguments: given, imports: new Map(), exports: new Map() };
  while (!reader.done) {
    const id = reader.byte();
    readSection(id, reader.section(reader.u32()), level);
  }
  return level;
}

/** Sections by id; core types and custom sections say nothing about the component's shape. */
function readSection(id: number, section: Reader, level: Level): void {
  switch (id) {
    case 0:
    case 3:
      return;
    case 1:
      level.modules.push(hasMemory(section.take(section.end - section.position)));
      return;
    case 2:
      section.vector(() => readCoreInstance(section, level));
      return;
    case 4:
      level.components.push({ reader: nestedReader(section), scope: level.scope });
      return;
    case 5:
      section.vector(() => level.scope.instances.push(readInstance(section, level)));
      return;
    case 6:
      section.vector(() => readAlias(section, level.scope));
      return;
    case 7:
      section.vector(() => level.scope.types.push(readDefinition(section, level.scope)));
      return;
    case 8:
      section.vector(() => readCanonical(section, level.scope));
      return;
    case 10:
      section.vector(() => readImport(section, level));
      return;
    case 11:
      section.vector(() => readExport(section, level));
      return;
    default:
      throw new ComponentFormatError(`section ${id} is not supported`);
  }
}

function nestedReader(section: Reader): Reader {
  for (const byte of preamble) section.expect(byte, 'nested component');
  return section;
}

function readImport(section: Reader, level: Level): void {
  const name = readExternName(section);
  const declared = readExternInto(section, level, name);
  level.imports.set(name, declared);
}

/** The outermost level's imports are as declared; a nested component gets what it is instantiated with. */
function readExternInto(section: Reader, level: Level, name: string): Entity {
  const types = level.scope.types.length;
  const declared = readExtern(section, level.scope, name, undefined);
  const given = level.arguments?.get(name);
  if (level.arguments !== undefined && given === undefined) throw new ComponentFormatError(`${name} is not given`);
  level.scope.types.length = types;
  pushEntity(level.scope, given ?? declared);
  return given ?? declared;
}

function readExport(section: Reader, level: Level): void {
  const name = readExternName(section);
  const entity = readSortIndex(section, level.scope);
  if (section.byte() !== 0) readAscription(section, level.scope, name);
  if (entity === undefined) return;
  pushEntity(level.scope, entity);
  if (!('exports' in entity) && entity.kind === 'type' && entity.type.kind === 'resource' && entity.type.name === '') {
    entity.type.name = name;
  }
  level.exports.set(name, entity);
}

/** A type ascribed to an export only narrows it: read, and left. */
function readAscription(section: Reader, scope: Scope, name: string): void {
  const types = scope.types.length;
  readExtern(section, scope, name, undefined);
  scope.types.length = types;
}

function readInstance(section: Reader, level: Level): Instance {
  level.scope.census.step();
  const form = section.byte();
  if (form === 0x00) {
    const component = at(level.components, section.u32(), 'component');
    const given = new Map<string, Entity>();
    section.vector(() => {
      const name = section.string();
      const entity = readSortIndex(section, level.scope);
      if (entity !== undefined) given.set(name, entity);
    });
    const { bytes, position, end } = component.reader;
    return readLevel(new Reader(bytes, position, end), newScope(component.scope), given);
  }
  if (form !== 0x01) throw new ComponentFormatError(`instance form 0x${hex(form)} is not supported`);
  const exports = new Map<string, Entity>();
  section.vector(() => {
    const name = readExternName(section);
    const entity = readSortIndex(section, level.scope);
    if (entity !== undefined) exports.set(name, entity);
  });
  return { exports };
}

/** `core:instance`: of a module, or a set of named core things, which runs nothing. */
function readCoreInstance(section: Reader, level: Level): void {
  const form = section.byte();
  if (form > 1) throw new ComponentFormatError(`core instance form 0x${hex(form)} is not supported`);
  if (form === 0x00) level.scope.census.coreInstance(at(level.modules, section.u32(), 'core module'));
  section.vector(() => {
    section.string();
    section.byte();
    section.u32();
  });
}

/** `sortidx`: a function, type or instance of this level; undefined for core ones and components. */
function readSortIndex(section: Reader, scope: Scope): Entity | undefined {
  const sort = section.byte();
  if (sort === 0x00) {
    section.byte();
    section.u32();
    return undefined;
  }
  const index = section.u32();
  switch (sort) {
    case 0x01:
      return at(scope.functions, index, 'function');
    case 0x03:
      return { kind: 'type', type: at(scope.types, index, 'type') };
    case 0x04:
      return undefined;
    case 0x05:
      return at(scope.instances, index, 'instance');
    default:
      throw new ComponentFormatError(`sort 0x${hex(sort)} is not supported`);
  }
}

/** `canon lift` makes a component function of a core one; the others make core functions. */
function readCanonical(section: Reader, scope: Scope): void {
  const code = section.byte();
  switch (code) {
    case 0x00: {
      section.expect(0x00, 'canon lift');
      section.u32();
      readCanonicalOptions(section);
      const type = at(scope.types, section.u32(), 'type');
      if (type.kind !== 'function') throw new ComponentFormatError('canon lift to something that is not a function');
      scope.functions.push(type);
      return;
    }
    case 0x01:
      section.expect(0x00, 'canon lower');
      section.u32();
      readCanonicalOptions(section);
      return;
    case 0x02:
    case 0x03:
    case 0x04:
      section.u32();
      return;
    default:
      throw new ComponentFormatError(`canonical function 0x${hex(code)} is not supported`);
  }
}

function readCanonicalOptions(section: Reader): void {
  section.vector(() => {
    const option = section.byte();
    if (option >= 0x03 && option <= 0x05) section.u32();
    else if (option > 0x05) throw new ComponentFormatError(`canonical option 0x${hex(option)} is not supported`);
  });
}
