import { Census } from './census.ts';
import { ComponentFormatError, hex, Reader } from './reader.ts';
import type { Case, FunctionShape, InterfaceShape, PrimitiveKind, ResourceType, ValueType } from './shape.ts';

/** What an index of the type space can stand for. */
export type Definition = ValueType | FunctionShape | ResourceType | InstanceType | ComponentType;
export interface InstanceType {
  readonly kind: 'instance type';
  readonly read: (id: string) => Instance;
}
export interface ComponentType {
  readonly kind: 'component type';
}

/** An instance as a set of named things. */
export interface Instance {
  readonly exports: Map<string, Entity>;
}
export type Entity = FunctionShape | Instance | { readonly kind: 'type'; readonly type: Definition };

const primitives: Readonly<Record<number, PrimitiveKind>> = {
  127: 'bool',
  126: 's8',
  125: 'u8',
  124: 's16',
  123: 'u16',
  122: 's32',
  121: 'u32',
  120: 's64',
  119: 'u64',
  118: 'f32',
  117: 'f64',
  116: 'char',
  115: 'string',
};

/** Index spaces of one component or instance type. */
export interface Scope {
  readonly parent: Scope | undefined;
  readonly depth: number;
  readonly census: Census;
  readonly types: Definition[];
  readonly instances: Instance[];
  readonly functions: FunctionShape[];
}

/** Components and instance types inside one another. */
const deepest = 32;

export function newScope(parent?: Scope): Scope {
  const depth = parent === undefined ? 0 : parent.depth + 1;
  if (depth > deepest) throw new ComponentFormatError(`nested more than ${deepest} deep`);
  return { depth, parent, census: parent?.census ?? new Census(), types: [], instances: [], functions: [] };
}

/** `valtype` (component-model Binary.md): a primitive, or an index of the type space. */
function readValueType(reader: Reader, scope: Scope): ValueType {
  const primitive = primitives[reader.peek()];
  if (primitive !== undefined) {
    reader.byte();
    return { kind: primitive };
  }
  return asValue(at(scope.types, reader.u32(), 'type'));
}

/** `deftype` (component-model Binary.md). */
export function readDefinition(reader: Reader, scope: Scope): Definition {
  scope.census.step();
  const definition = readDefinitionOnce(reader, scope);
  if (isWeighed(definition)) scope.census.weigh(definition);
  return definition;
}

function isWeighed(definition: Definition): definition is ValueType | FunctionShape {
  return !['resource', 'instance type', 'component type'].includes(definition.kind);
}

function readDefinitionOnce(reader: Reader, scope: Scope): Definition {
  const code = reader.byte();
  const primitive = primitives[code];
  if (primitive !== undefined) return { kind: primitive };
  const value = () => readValueType(reader, scope);
  const optional = () => (reader.byte() === 0 ? undefined : value());
  const field = () => ({ name: reader.string(), type: value() });
  switch (code) {
    case 0x72:
      return { kind: 'record', fields: reader.vector(field) };
    case 0x71:
      return { kind: 'variant', cases: reader.vector((): Case => readCase(reader, optional)) };
    case 0x70:
      return { kind: 'list', element: value() };
    case 0x6f:
      return { kind: 'tuple', items: reader.vector(value) };
    case 0x6e:
      return { kind: 'flags', names: reader.vector(() => reader.string()) };
    case 0x6d:
      return { kind: 'enum', names: reader.vector(() => reader.string()) };
    case 0x6b:
      return { kind: 'option', some: value() };
    case 0x6a:
      return { kind: 'result', ok: optional(), error: optional() };
    case 0x69:
      return { kind: 'own', resource: asResource(at(scope.types, reader.u32(), 'type')) };
    case 0x68:
      return { kind: 'borrow', resource: asResource(at(scope.types, reader.u32(), 'type')) };
    case 0x40: {
      const parameters = reader.vector(field);
      return { kind: 'function', parameters, result: readResult(reader, scope) };
    }
    case 0x3f:
      return readResource(reader);
    case 0x42:
      return readInstanceType(reader, scope);
    default:
      throw new ComponentFormatError(
        `type 0x${hex(code)} is not supported (streams, futures and async functions are not)`,
      );
  }
}

/** Name of an import or export, with or without the version suffix that newer tools write apart. */
export function readExternName(reader: Reader): string {
  const form = reader.byte();
  if (form > 1) throw new ComponentFormatError(`name form 0x${hex(form)} is not supported`);
  return reader.string();
}

/** `externdesc`: what is imported, or what an instance type says that it exports. Types enter the type space. */
export function readExtern(reader: Reader, scope: Scope, name: string, owner: string | undefined): Entity {
  scope.census.step();
  const sort = reader.byte();
  switch (sort) {
    case 0x01: {
      const type = at(scope.types, reader.u32(), 'type');
      if (type.kind !== 'function') throw new ComponentFormatError(`${name} is not a function type`);
      return type;
    }
    case 0x03: {
      const type = reader.byte() === 0 ? at(scope.types, reader.u32(), 'type') : newResource(name, owner);
      scope.types.push(type);
      return { kind: 'type', type };
    }
    case 0x05: {
      const type = at(scope.types, reader.u32(), 'type');
      if (type.kind !== 'instance type') throw new ComponentFormatError(`${name} is not an instance type`);
      return type.read(name);
    }
    default:
      throw new ComponentFormatError(`${name} is a kind of import or export (0x${hex(sort)}) that is not supported`);
  }
}

/** The shape of the instance of that name: its functions, and the resources that it defines itself. */
export function interfaceShape(instance: Instance, id: string): InterfaceShape {
  const functions = new Map<string, FunctionShape>();
  const resources: string[] = [];
  for (const [name, entity] of instance.exports) {
    if ('exports' in entity) throw new ComponentFormatError(`nested instance ${name} is not supported`);
    if (entity.kind === 'function') functions.set(name, entity);
    else if (entity.type.kind === 'resource' && (entity.type.interface ?? id) === id) resources.push(name);
  }
  return { kind: 'interface', functions, resources };
}

export function at<T>(space: readonly T[], index: number, what: string): T {
  const found = space[index];
  if (found === undefined) throw new ComponentFormatError(`${what} ${index} does not exist`);
  return found;
}

function readCase(reader: Reader, optional: () => ValueType | undefined): Case {
  const result = { name: reader.string(), type: optional() };
  reader.expect(0, 'variant case');
  return result;
}

function readResult(reader: Reader, scope: Scope): ValueType | undefined {
  if (reader.byte() === 0) return readValueType(reader, scope);
  reader.expect(0, 'function result');
  return undefined;
}

function readResource(reader: Reader): ResourceType {
  reader.expect(0x7f, 'resource representation');
  if (reader.byte() !== 0) reader.u32();
  return newResource('', undefined);
}

function newResource(name: string, owner: string | undefined): ResourceType {
  return { kind: 'resource', name, interface: owner };
}

/**
 * An instance type is read each time it is used, since each use makes resource types of its own.
 * The declarations are of types, aliases and exports.
 */
function readInstanceType(reader: Reader, outer: Scope): InstanceType {
  const from = reader.position;
  const parse = (source: Reader, id: string | undefined): Instance => {
    const scope = newScope(outer);
    const exports = new Map<string, Entity>();
    source.vector(() => {
      const declaration = source.byte();
      if (declaration === 0x01) scope.types.push(readDefinition(source, scope));
      else if (declaration === 0x02) readAlias(source, scope);
      else if (declaration === 0x04) {
        const name = readExternName(source);
        exports.set(name, readExtern(source, scope, name, id));
      } else throw new ComponentFormatError(`declaration 0x${hex(declaration)} is not supported`);
    });
    return { exports };
  };
  parse(reader, undefined);
  const { bytes, position: end } = reader;
  return { kind: 'instance type', read: (id) => parse(new Reader(bytes, from, end), id) };
}

/** `alias` of a type, function or instance, from an instance's exports or an enclosing scope; core ones are stepped over. */
export function readAlias(reader: Reader, scope: Scope): void {
  scope.census.step();
  const sort = reader.byte();
  if (sort === 0x00) reader.byte();
  const target = reader.byte();
  if (target === 0x01) {
    reader.u32();
    reader.string();
    return;
  }
  if (target === 0x02) {
    let from: Scope | undefined = scope;
    for (let count = reader.u32(); count > 0; count--) from = from?.parent;
    const index = reader.u32();
    if (sort !== 0x03 || from === undefined) throw new ComponentFormatError('outer alias of anything but a type');
    scope.types.push(at(from.types, index, 'type'));
    return;
  }
  if (target !== 0x00) throw new ComponentFormatError(`alias target 0x${hex(target)} is not supported`);
  const instance = at(scope.instances, reader.u32(), 'instance');
  const name = reader.string();
  const entity = instance.exports.get(name);
  if (entity === undefined)
    throw new ComponentFormatError(`an alias names ${name}, which its instance does not export`);
  pushEntity(scope, entity);
}

export function pushEntity(scope: Scope, entity: Entity): void {
  if ('exports' in entity) scope.instances.push(entity);
  else if (entity.kind === 'function') scope.functions.push(entity);
  else scope.types.push(entity.type);
}

function asValue(definition: Definition): ValueType {
  switch (definition.kind) {
    case 'function':
    case 'resource':
    case 'instance type':
    case 'component type':
      throw new ComponentFormatError(`a ${definition.kind} stands where a value type should`);
    default:
      return definition;
  }
}

function asResource(definition: Definition): ResourceType {
  if (definition.kind !== 'resource') throw new ComponentFormatError('a handle of something that is not a resource');
  return definition;
}
