import { load, pull, push, store } from './codec.ts';
import { type CoreType, offsets, signature, size } from './layout.ts';
import type { FunctionType, Named, Structure } from './model.ts';
import type { Module } from './module.ts';
import { camelCase, pascalCase } from './names.ts';

/** Writes the functions of an imported interface, or a function that the world imports by itself (from `$root`). */
export function importFunctions(
  module: Module,
  id: string,
  functions: readonly { readonly name: string; readonly type: FunctionType }[],
  resources: readonly Named[],
): void {
  for (const { name, type } of functions) {
    if (!name.startsWith('['))
      module.declare(`${external(id, name, type)}\n\nexport function ${camelCase(name)}${body(module, name, type)}`);
  }
  for (const resource of resources) module.declare(resourceClass(module, id, resource, functions));
}

/** The host's resource: a handle, and its functions as methods. */
function resourceClass(
  module: Module,
  id: string,
  resource: Named,
  functions: readonly { readonly name: string; readonly type: FunctionType }[],
): string {
  const name = pascalCase(resource.name);
  const drop = coreName(`[resource-drop]${resource.name}`);
  const externals = [
    `@external("${id}", "[resource-drop]${resource.name}")\ndeclare function ${drop}(handle: i32): void;`,
  ];
  const methods: string[] = [];
  for (const { name: full, type } of functions) {
    const [, form, owner, method] = /^\[(constructor|method|static)\]([^.]+)(?:\.(.+))?$/.exec(full) ?? [];
    if (owner !== resource.name) continue;
    externals.push(external(id, full, type));
    if (form === 'constructor') methods.push(`  static create${body(module, full, type)}`);
    else if (form === 'static') methods.push(`  static ${camelCase(method ?? '')}${body(module, full, type)}`);
    else methods.push(`  ${camelCase(method ?? '')}${body(module, full, type, true)}`);
  }
  return `${externals.join('\n')}

export class ${name} {
  private static borrowed: Array<${name}> = [];

  constructor(public readonly handle: i32) {}

  /** Lent to us for one call. */
  static lent(handle: i32): ${name} {
    const found = new ${name}(handle);
    ${name}.borrowed.push(found);
    return found;
  }

  /** Gives back what was lent: nothing of it may be left when the call returns. */
  static giveBack(): void {
    for (let i = 0; i < ${name}.borrowed.length; i++) ${drop}(${name}.borrowed[i].handle);
    ${name}.borrowed.length = 0;
  }

  drop(): void {
    ${drop}(this.handle);
  }

${methods.join('\n\n')}
}`;
}

function external(id: string, name: string, type: FunctionType): string {
  const { parameters, results } = signature(type, 'import');
  const list = parameters.map((core, i) => `p${i}: ${core}`).join(', ');
  return `@external("${id}", "${name}")\ndeclare function ${coreName(name)}(${list}): ${results[0] ?? 'void'};`;
}

/** The parameter list, result and body of a function that calls the host. */
function body(module: Module, name: string, type: FunctionType, isMethod = false): string {
  const given = isMethod ? type.parameters.slice(1) : type.parameters;
  const list = given.map((one) => `${camelCase(one.name)}: ${module.typeName(one.type)}`).join(', ');
  const values = type.parameters.map((one, i) => (isMethod && i === 0 ? 'this' : camelCase(one.name)));
  const resultType = type.result === undefined ? 'void' : module.typeName(type.result);
  const { parameters, spilled, returnsPointer } = signature(type, 'import');
  const lines: string[] = [];
  const args: string[] = [];
  if (spilled) {
    const structure: Structure = { kind: 'tuple', items: type.parameters.map((one) => one.type) };
    const { at } = offsets(structure);
    lines.push(`const given_ = heap.alloc(${size(structure)});`);
    for (const [i, one] of type.parameters.entries())
      lines.push(store(module, one.type, `given_ + ${at[i]}`, values[i] ?? ''));
    args.push('<i32>given_');
  } else {
    if (type.parameters.length > 0) lines.push(`${module.abi('rewind')}();`);
    for (const [i, one] of type.parameters.entries()) lines.push(push(module, one.type, values[i] ?? ''));
    const flats = returnsPointer ? parameters.slice(0, -1) : parameters;
    args.push(...flats.map((core, i) => fromBits(core, `${module.abi('flat')}(${i})`)));
  }
  if (type.result === undefined) lines.push(`${coreName(name)}(${args.join(', ')});`);
  else if (returnsPointer) {
    lines.push(`const result_ = heap.alloc(${size(type.result)});`);
    lines.push(`${coreName(name)}(${[...args, '<i32>result_'].join(', ')});`);
    lines.push(`return ${load(module, type.result, 'result_')};`);
  } else {
    const [core = 'i32'] = signature(type, 'import').results;
    lines.push(`const bits_ = ${toBits(core, `${coreName(name)}(${args.join(', ')})`)};`);
    lines.push(`${module.abi('rewind')}();`, `${module.abi('push')}(bits_);`, `${module.abi('rewind')}();`);
    lines.push(`return ${pull(module, type.result)};`);
  }
  return `(${list}): ${resultType} {\n${lines.map((line) => `    ${line}`).join('\n')}\n  }`;
}

/** A core value as it is passed, of its bits. */
export function fromBits(core: CoreType, bits: string): string {
  switch (core) {
    case 'i32':
      return `<i32>${bits}`;
    case 'i64':
      return `<i64>${bits}`;
    case 'f32':
      return `reinterpret<f32>(<u32>${bits})`;
    case 'f64':
      return `reinterpret<f64>(${bits})`;
  }
}

export function toBits(core: CoreType, value: string): string {
  switch (core) {
    case 'i32':
      return `<u64><u32>${value}`;
    case 'i64':
      return `<u64>${value}`;
    case 'f32':
      return `<u64>reinterpret<u32>(${value})`;
    case 'f64':
      return `reinterpret<u64>(${value})`;
  }
}

/** Name of the declared core function: the WIT name, spelled with what a name may have. */
function coreName(name: string): string {
  return `core_${name.replaceAll(/[^a-zA-Z0-9]/g, '_')}`;
}
