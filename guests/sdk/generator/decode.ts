import { hex, Reader } from '../../../host/component/reader.ts';
import type { PrimitiveKind } from '../../../host/component/shape.ts';
import {
  type Case,
  type FunctionType,
  GeneratorError,
  type Home,
  type Interface,
  type Member,
  type Named,
  originOf,
  type WitType,
  type World,
  type WorldItem,
} from './model.ts';

type Definition = WitType | FunctionDefinition | InstanceDefinition | ComponentDefinition;
interface FunctionDefinition extends FunctionType {
  readonly kind: 'function';
}
interface InstanceDefinition extends Scope {
  readonly kind: 'instance';
}
interface ComponentDefinition extends Scope {
  readonly kind: 'component';
}
interface Scope {
  readonly parent: Scope | undefined;
  readonly types: Definition[];
  readonly instances: InstanceDefinition[];
  readonly imports: Extern[];
  readonly exports: Extern[];
}
interface Extern {
  readonly name: string;
  readonly definition: Definition;
}

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

/** What WIT has and this generator has not, by the byte that stands for it in a type. */
const unsupported: Readonly<Record<number, string>> = {
  67: 'an async function',
  99: 'a map',
  100: 'an error-context',
  101: 'a future',
  102: 'a stream',
  103: 'a list of fixed length',
};

/**
 * Reads a `component-type` section: a world as wit-component writes it, with all names resolved (component-model Binary.md, and
 * wit-component's metadata). Throws GeneratorError for what guests cannot have yet.
 */
export function decodeWorld(section: Uint8Array): World {
  const reader = new Reader(section, 8);
  for (; !reader.done; ) {
    const id = reader.byte();
    const body = reader.section(reader.u32());
    if (id !== 7) continue;
    body.u32();
    body.expect(0x41, 'component-type section');
    const [world] = readScope(body, undefined).exports;
    if (world?.definition.kind !== 'component') break;
    const { imports, exports } = world.definition;
    return { name: world.name, imports: items(imports, 'import'), exports: items(exports, 'export') };
  }
  throw new GeneratorError('the component-type section has no world');
}

function items(externs: readonly Extern[], direction: Home['direction']): WorldItem[] {
  return externs.map(({ name: id, definition }): WorldItem => {
    if (definition.kind === 'function') return { kind: 'function', id, function: definition };
    if (definition.kind === 'instance')
      return { kind: 'interface', id, interface: interfaceOf(definition, { id, direction }) };
    if (definition.kind === 'named') {
      settle(definition, { id: '', direction });
      return { kind: 'type', id, type: definition };
    }
    throw new GeneratorError(`${id}: a ${definition.kind} in a world is not supported`);
  });
}

function interfaceOf({ exports }: InstanceDefinition, home: Home): Interface {
  const types: Named[] = [];
  const functions: { name: string; type: FunctionType }[] = [];
  for (const { name, definition } of exports) {
    if (definition.kind === 'function') functions.push({ name, type: definition });
    else if (definition.kind === 'named') types.push(settle(definition, home));
  }
  return { types, functions };
}

/** A type belongs to the first interface that defines it; what uses it later has only a further name. */
function settle(type: Named, home: Home): Named {
  type.home ??= home;
  const origin = originOf(type);
  if (origin !== undefined) origin.home ??= home;
  return type;
}

function readScope(reader: Reader, parent: Scope | undefined): Scope {
  const scope: Scope = { parent, types: [], instances: [], imports: [], exports: [] };
  reader.vector(() => readDeclaration(reader, scope));
  return scope;
}

function readDeclaration(reader: Reader, scope: Scope): void {
  const code = reader.byte();
  switch (code) {
    case 0x01:
      scope.types.push(readDefinition(reader, scope));
      return;
    case 0x02:
      scope.types.push(readAlias(reader, scope));
      return;
    case 0x03:
    case 0x04: {
      if (reader.byte() > 1) throw new GeneratorError('a name of an unknown form');
      const name = reader.string();
      (code === 0x03 ? scope.imports : scope.exports).push({ name, definition: readExtern(reader, scope, name) });
      return;
    }
    default:
      throw new GeneratorError(`a declaration 0x${hex(code)} that is not known`);
  }
}

function readAlias(reader: Reader, scope: Scope): Definition {
  reader.expect(0x03, 'alias of a type');
  const target = reader.byte();
  if (target === 0x00) {
    const instance = at(scope.instances, reader.u32());
    const name = reader.string();
    const found = instance.exports.find((one) => one.name === name);
    if (found === undefined) throw new GeneratorError(`an alias of ${name}, which is not there`);
    return found.definition;
  }
  let from: Scope | undefined = scope;
  for (let count = reader.u32(); count > 0; count--) from = from?.parent;
  return at(from?.types ?? [], reader.u32());
}

function readExtern(reader: Reader, scope: Scope, name: string): Definition {
  const sort = reader.byte();
  if (sort === 0x03) {
    const of = reader.byte() === 0 ? asValue(at(scope.types, reader.u32()), name) : ({ kind: 'resource' } as const);
    const named: Named = { kind: 'named', name, of, home: undefined };
    scope.types.push(named);
    return named;
  }
  const definition = at(scope.types, reader.u32());
  if (definition.kind === 'instance') scope.instances.push(definition);
  return definition;
}

function readDefinition(reader: Reader, scope: Scope): Definition {
  const code = reader.byte();
  const primitive = primitives[code];
  if (primitive !== undefined) return { kind: primitive };
  const value = () => readValue(reader, scope);
  const optional = () => (reader.byte() === 0 ? undefined : value());
  const member = (): Member => ({ name: reader.string(), type: value() });
  switch (code) {
    case 0x72:
      return { kind: 'record', fields: reader.vector(member) };
    case 0x71:
      return { kind: 'variant', cases: reader.vector(() => readCase(reader, optional)) };
    case 0x70:
      return { kind: 'list', element: value() };
    case 0x6f:
      return { kind: 'tuple', items: reader.vector(value) };
    case 0x6e:
      return { kind: 'flags', labels: reader.vector(() => reader.string()) };
    case 0x6d:
      return { kind: 'enum', labels: reader.vector(() => reader.string()) };
    case 0x6b:
      return { kind: 'option', some: value() };
    case 0x6a:
      return { kind: 'result', ok: optional(), error: optional() };
    case 0x69:
    case 0x68:
      return { kind: code === 0x69 ? 'own' : 'borrow', resource: asNamed(at(scope.types, reader.u32())) };
    case 0x40: {
      const parameters = reader.vector(member);
      if (reader.byte() === 0) return { kind: 'function', parameters, result: value() };
      reader.byte();
      return { kind: 'function', parameters, result: undefined };
    }
    case 0x41:
      return { ...readScope(reader, scope), kind: 'component' };
    case 0x42:
      return { ...readScope(reader, scope), kind: 'instance' };
    default:
      throw new GeneratorError(`${unsupported[code] ?? `a type 0x${hex(code)}`} is not supported in guests`);
  }
}

function readCase(reader: Reader, optional: () => WitType | undefined): Case {
  const found = { name: reader.string(), type: optional() };
  reader.byte();
  return found;
}

function readValue(reader: Reader, scope: Scope): WitType {
  const code = reader.peek();
  const primitive = primitives[code];
  if (primitive !== undefined) {
    reader.byte();
    return { kind: primitive };
  }
  if (unsupported[code] !== undefined) throw new GeneratorError(`${unsupported[code]} is not supported in guests`);
  return asValue(at(scope.types, reader.u32()), 'a value');
}

function asValue(definition: Definition, name: string): WitType {
  switch (definition.kind) {
    case 'function':
    case 'instance':
    case 'component':
      throw new GeneratorError(`${name} is a ${definition.kind}, where a type should be`);
    default:
      return definition;
  }
}

function asNamed(definition: Definition): Named {
  if (definition.kind !== 'named') throw new GeneratorError('a handle of a resource without a name');
  return definition;
}

function at<T>(space: readonly T[], index: number): T {
  const found = space[index];
  if (found === undefined) throw new GeneratorError(`index ${index} is not there`);
  return found;
}
