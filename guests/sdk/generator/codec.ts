import { alignment, casesOf, discriminantSize, flatten, offsets, payloadOffset, size } from './layout.ts';
import { type Named, originOf, type Structure, structureOf, type WitType } from './model.ts';
import { isReference, type Module, mangle } from './module.ts';
import { camelCase, pascalCase } from './names.ts';

/** How primitives lie in memory, and how they are passed: as bits of 64. */
const primitives: Readonly<
  Record<
    string,
    {
      readonly memory: string;
      readonly read: (v: string) => string;
      readonly push: (v: string) => string;
      readonly pull: string;
    }
  >
> = {
  bool: { memory: 'u8', read: (v) => `${v} != 0`, push: (v) => `${v} ? 1 : 0`, pull: '<u32>pull() != 0' },
  s8: { memory: 'i8', read: (v) => v, push: (v) => `<u64><u32><i32>${v}`, pull: '<i8>pull()' },
  u8: { memory: 'u8', read: (v) => v, push: (v) => `<u64>${v}`, pull: '<u8>pull()' },
  s16: { memory: 'i16', read: (v) => v, push: (v) => `<u64><u32><i32>${v}`, pull: '<i16>pull()' },
  u16: { memory: 'u16', read: (v) => v, push: (v) => `<u64>${v}`, pull: '<u16>pull()' },
  s32: { memory: 'i32', read: (v) => v, push: (v) => `<u64><u32>${v}`, pull: '<i32>pull()' },
  u32: { memory: 'u32', read: (v) => v, push: (v) => `<u64>${v}`, pull: '<u32>pull()' },
  s64: { memory: 'i64', read: (v) => v, push: (v) => `<u64>${v}`, pull: '<i64>pull()' },
  u64: { memory: 'u64', read: (v) => v, push: (v) => v, pull: 'pull()' },
  f32: {
    memory: 'f32',
    read: (v) => v,
    push: (v) => `<u64>reinterpret<u32>(${v})`,
    pull: 'reinterpret<f32>(<u32>pull())',
  },
  f64: { memory: 'f64', read: (v) => v, push: (v) => `reinterpret<u64>(${v})`, pull: 'reinterpret<f64>(pull())' },
};

/** An expression that reads the value at an address. */
export function load(module: Module, type: WitType, at: string): string {
  const structure = structureOf(type);
  const primitive = primitives[structure.kind];
  if (primitive !== undefined) return primitive.read(`load<${primitive.memory}>(${at})`);
  switch (structure.kind) {
    case 'string':
      return `${module.abi('loadString')}(${at})`;
    case 'char':
      return `${module.abi('character')}(load<u32>(${at}))`;
    case 'flags':
      return `<u32>load<u${alignment(type) * 8}>(${at})`;
    case 'enum':
      return `<${module.typeName(type)}>load<u${alignment(type) * 8}>(${at})`;
    case 'own':
    case 'borrow':
      return liftHandle(module, structure, `load<i32>(${at})`);
    default:
      return `${module.helper(`load_${mangle(type)}`, () => loadHelper(module, type, structure))}(${at})`;
  }
}

/** A statement that writes a value to an address. */
export function store(module: Module, type: WitType, at: string, value: string): string {
  const structure = structureOf(type);
  const primitive = primitives[structure.kind];
  if (structure.kind === 'bool') return `store<u8>(${at}, ${value} ? 1 : 0);`;
  if (primitive !== undefined) return `store<${primitive.memory}>(${at}, ${value});`;
  switch (structure.kind) {
    case 'string':
      return `${module.abi('storeString')}(${at}, ${value});`;
    case 'char':
      return `store<u32>(${at}, ${module.abi('character')}(${value}));`;
    case 'flags':
    case 'enum':
      return `store<u${alignment(type) * 8}>(${at}, <u${alignment(type) * 8}>${value});`;
    case 'own':
    case 'borrow':
      return `store<i32>(${at}, ${lowerHandle(module, structure, value)});`;
    default:
      return `${module.helper(`store_${mangle(type)}`, () => storeHelper(module, type, structure))}(${at}, ${value});`;
  }
}

/** A statement that pushes a value as flat values. */
export function push(module: Module, type: WitType, value: string): string {
  const structure = structureOf(type);
  const primitive = primitives[structure.kind];
  const pushBits = module.abi('push');
  if (primitive !== undefined) return `${pushBits}(${primitive.push(value)});`;
  switch (structure.kind) {
    case 'string':
      return `${module.abi('pushString')}(${value});`;
    case 'char':
      return `${pushBits}(${module.abi('character')}(${value}));`;
    case 'flags':
    case 'enum':
      return `${pushBits}(<u64><u32>${value});`;
    case 'own':
    case 'borrow':
      return `${pushBits}(<u64><u32>${lowerHandle(module, structure, value)});`;
    default:
      return `${module.helper(`push_${mangle(type)}`, () => pushHelper(module, type, structure))}(${value});`;
  }
}

/** An expression that pulls flat values and makes a value of them. */
export function pull(module: Module, type: WitType): string {
  const structure = structureOf(type);
  const primitive = primitives[structure.kind];
  const pullBits = module.abi('pull');
  if (primitive !== undefined) return primitive.pull;
  switch (structure.kind) {
    case 'string':
      return `${module.abi('pullString')}()`;
    case 'char':
      return `${module.abi('character')}(<u32>${pullBits}())`;
    case 'flags':
      return `<u32>${pullBits}()`;
    case 'enum':
      return `<${module.typeName(type)}><i32>${pullBits}()`;
    case 'own':
    case 'borrow':
      return liftHandle(module, structure, `<i32>${pullBits}()`);
    default:
      return `${module.helper(`pull_${mangle(type)}`, () => pullHelper(module, type, structure))}()`;
  }
}

type Handle = Extract<Structure, { kind: 'own' | 'borrow' }>;

/** What comes in: a handle of the host's resource gets its class; one of our own leads back to the author's object. */
function liftHandle(module: Module, { kind, resource }: Handle, handle: string): string {
  const origin = originOf(resource) ?? resource;
  const name = pascalCase(origin.name);
  if (origin.home?.direction === 'export') {
    const path = `wit/${module.homeOf(origin)}`;
    return `${useUnlessHere(module, path, kind === 'own' ? `take${name}` : `find${name}`)}(${handle})`;
  }
  return kind === 'own' ? `new ${module.className(origin)}(${handle})` : `${module.className(origin)}.lent(${handle})`;
}

function lowerHandle(module: Module, { resource }: Handle, value: string): string {
  const origin = originOf(resource) ?? resource;
  if (origin.home?.direction !== 'export') return `${value}.handle`;
  return `${useUnlessHere(module, `wit/${module.homeOf(origin)}`, `give${pascalCase(origin.name)}`)}(${value})`;
}

function useUnlessHere(module: Module, path: string, name: string): string {
  return path === `wit/${module.path}` ? name : module.use(path, name);
}

function loadHelper(module: Module, type: WitType, structure: Structure): string {
  return `function load_${mangle(type)}(at: usize): ${module.typeName(type)} {\n${loadBody(module, type, structure)}\n}`;
}

function loadBody(module: Module, type: WitType, structure: Structure): string {
  const typeName = module.typeName(type);
  switch (structure.kind) {
    case 'record': {
      const { at } = offsets(structure);
      const lines = structure.fields.map(
        (field, i) => `  value.${camelCase(field.name)} = ${load(module, field.type, `at + ${at[i]}`)};`,
      );
      return `  const value = new ${typeName}();\n${lines.join('\n')}\n  return value;`;
    }
    case 'tuple': {
      const { at } = offsets(structure);
      return `  return new ${typeName}(${structure.items.map((item, i) => load(module, item, `at + ${at[i]}`)).join(', ')});`;
    }
    case 'list':
      return `  return ${module.helper(`lift_${mangle(type)}`, () => liftList(module, type, structure))}(load<usize>(at), load<i32>(at, 4));`;
    default: {
      const discriminant = `load<u${discriminantSize(casesOf(structure).length) * 8}>(at)`;
      return choose(module, type, structure, discriminant, (payload) =>
        load(module, payload, `at + ${payloadOffset(structure)}`),
      );
    }
  }
}

function liftList(module: Module, type: WitType, structure: Extract<Structure, { kind: 'list' }>): string {
  const typeName = module.typeName(type);
  const head = `function lift_${mangle(type)}(data: usize, length: i32): ${typeName} {`;
  if (structureOf(structure.element).kind === 'u8')
    return `${head}\n  return ${module.abi('liftBytes')}(data, length);\n}`;
  const step = size(structure.element);
  const item = load(module, structure.element, `data + <usize>i * ${step}`);
  return `${head}\n  const items = new ${typeName}();\n  for (let i = 0; i < length; i++) items.push(${item});\n  return items;\n}`;
}

function storeHelper(module: Module, type: WitType, structure: Structure): string {
  return `function store_${mangle(type)}(at: usize, value: ${module.typeName(type)}): void {\n${storeBody(module, type, structure)}\n}`;
}

function storeBody(module: Module, type: WitType, structure: Structure): string {
  switch (structure.kind) {
    case 'record': {
      const { at } = offsets(structure);
      return structure.fields
        .map((field, i) => `  ${store(module, field.type, `at + ${at[i]}`, `value.${camelCase(field.name)}`)}`)
        .join('\n');
    }
    case 'tuple': {
      const { at } = offsets(structure);
      return structure.items.map((item, i) => `  ${store(module, item, `at + ${at[i]}`, `value._${i}`)}`).join('\n');
    }
    case 'list': {
      const lower = module.helper(`lower_${mangle(type)}`, () => lowerList(module, type, structure));
      return `  store<usize>(at, ${lower}(value));\n  store<i32>(at, value.length, 4);`;
    }
    default: {
      const width = discriminantSize(casesOf(structure).length) * 8;
      const write = (index: number) => `store<u${width}>(at, ${index});`;
      return decide(structure, write, (payload, value) =>
        store(module, payload, `at + ${payloadOffset(structure)}`, value),
      );
    }
  }
}

function lowerList(module: Module, type: WitType, structure: Extract<Structure, { kind: 'list' }>): string {
  const head = `function lower_${mangle(type)}(items: ${module.typeName(type)}): usize {`;
  if (structureOf(structure.element).kind === 'u8') return `${head}\n  return items.dataStart;\n}`;
  const step = size(structure.element);
  const write = store(module, structure.element, `data + <usize>i * ${step}`, 'items[i]');
  return `${head}\n  const data = heap.alloc(<usize>max(1, items.length) * ${step});\n  for (let i = 0; i < items.length; i++) {\n    ${write}\n  }\n  return data;\n}`;
}

function pushHelper(module: Module, type: WitType, structure: Structure): string {
  return `function push_${mangle(type)}(value: ${module.typeName(type)}): void {\n${pushBody(module, type, structure)}\n}`;
}

function pushBody(module: Module, type: WitType, structure: Structure): string {
  switch (structure.kind) {
    case 'record':
      return structure.fields
        .map((field) => `  ${push(module, field.type, `value.${camelCase(field.name)}`)}`)
        .join('\n');
    case 'tuple':
      return structure.items.map((item, i) => `  ${push(module, item, `value._${i}`)}`).join('\n');
    case 'list': {
      const lower = module.helper(`lower_${mangle(type)}`, () => lowerList(module, type, structure));
      return `  ${module.abi('push')}(${lower}(value));\n  ${module.abi('push')}(value.length);`;
    }
    default: {
      const places = flatten(type).length - 1;
      const fill = (used: number) => (places > used ? ` ${module.abi('pad')}(${places - used});` : '');
      return decide(
        structure,
        (index, payload) => `${module.abi('push')}(${index});${payload === undefined ? fill(0) : ''}`,
        (payload, value) => `${push(module, payload, value)}${fill(flatten(payload).length)}`,
      );
    }
  }
}

function pullHelper(module: Module, type: WitType, structure: Structure): string {
  return `function pull_${mangle(type)}(): ${module.typeName(type)} {\n${pullBody(module, type, structure)}\n}`;
}

function pullBody(module: Module, type: WitType, structure: Structure): string {
  const typeName = module.typeName(type);
  switch (structure.kind) {
    case 'record': {
      const lines = structure.fields.map((field) => `  value.${camelCase(field.name)} = ${pull(module, field.type)};`);
      return `  const value = new ${typeName}();\n${lines.join('\n')}\n  return value;`;
    }
    case 'tuple': {
      const lines = structure.items.map((item, i) => `  const item${i} = ${pull(module, item)};`);
      return `${lines.join('\n')}\n  return new ${typeName}(${structure.items.map((_, i) => `item${i}`).join(', ')});`;
    }
    case 'list': {
      const lift = module.helper(`lift_${mangle(type)}`, () => liftList(module, type, structure));
      return `  const data = <usize>${module.abi('pull')}();\n  return ${lift}(data, <i32>${module.abi('pull')}());`;
    }
    default: {
      const places = flatten(type).length - 1;
      const leave = (used: number) => (places > used ? `${module.abi('skip')}(${places - used});` : '');
      return choose(module, type, structure, `<u32>${module.abi('pull')}()`, (payload) => pull(module, payload), leave);
    }
  }
}

/** Statements that make a value by its discriminant. `leave` steps over flat values that the case does not use. */
function choose(
  module: Module,
  type: WitType,
  structure: Structure,
  discriminant: string,
  read: (payload: WitType) => string,
  leave: (used: number) => string = () => '',
): string {
  const lines = casesOf(structure).map((one, index) => {
    const after = leave(one.type === undefined ? 0 : flatten(one.type).length);
    if (one.type === undefined)
      return `  if (tag == ${index}) {\n    ${after}\n    return ${made(module, type, structure, one.name, '')};\n  }`;
    return `  if (tag == ${index}) {\n    const payload = ${read(one.type)};\n    ${after}\n    return ${made(module, type, structure, one.name, 'payload')};\n  }`;
  });
  return `  const tag = ${discriminant};\n${lines.join('\n')}\n  return unreachable();`;
}

function made(module: Module, type: WitType, structure: Structure, label: string, payload: string): string {
  switch (structure.kind) {
    case 'option': {
      if (payload === '') return 'null';
      return isReference(structure.some)
        ? payload
        : `new ${module.value('Some')}<${module.typeName(structure.some)}>(${payload})`;
    }
    case 'result': {
      const sides = `${module.sideName(structure.ok)}, ${module.sideName(structure.error)}`;
      const make = module.value(label === 'ok' ? 'ok' : 'err');
      return `${make}<${sides}>(${payload === '' ? `${module.value('Nothing')}.it` : payload})`;
    }
    default:
      return `${module.typeName(type)}.${camelCase(label)}(${payload})`;
  }
}

/** Statements that write a value's case: its index, then its payload. */
function decide(
  structure: Structure,
  writeIndex: (index: number, payload: WitType | undefined) => string,
  writePayload: (payload: WitType, value: string) => string,
): string {
  switch (structure.kind) {
    case 'option': {
      const inner = isReference(structure.some) ? 'value' : 'value.value';
      return `  if (value === null) {\n    ${writeIndex(0, undefined)}\n    return;\n  }\n  ${writeIndex(1, structure.some)}\n  ${writePayload(structure.some, inner)}`;
    }
    case 'result': {
      const side = (index: number, payload: WitType | undefined, name: string) =>
        `${writeIndex(index, payload)}${payload === undefined ? '' : `\n    ${writePayload(payload, `value.${name}`)}`}`;
      return `  if (!value.failed) {\n    ${side(0, structure.ok, 'value')}\n  } else {\n    ${side(1, structure.error, 'error')}\n  }`;
    }
    default: {
      const lines = casesOf(structure).map(({ name, type }, index) => {
        const payload = type === undefined ? '' : `\n      ${writePayload(type, `value.${camelCase(name)}`)}`;
        return `    case ${index}: {\n      ${writeIndex(index, type)}${payload}\n      break;\n    }`;
      });
      return `  switch (<i32>value.tag) {\n${lines.join('\n')}\n  }`;
    }
  }
}

/** Imported resources that a value may hold as borrowed handles: those have to be dropped before an export returns. */
export function borrowedResources(type: WitType): Named[] {
  const structure = structureOf(type);
  switch (structure.kind) {
    case 'borrow': {
      const origin = originOf(structure.resource) ?? structure.resource;
      return origin.home?.direction === 'export' ? [] : [origin];
    }
    case 'record':
      return structure.fields.flatMap((field) => borrowedResources(field.type));
    case 'tuple':
      return structure.items.flatMap(borrowedResources);
    case 'list':
      return borrowedResources(structure.element);
    default:
      return casesOf(structure).flatMap((one) => (one.type === undefined ? [] : borrowedResources(one.type)));
  }
}
