import { borrowedResources, load, pull, push, store } from './codec.ts';
import { fromBits, toBits } from './imports.ts';
import { offsets, signature, size } from './layout.ts';
import type { FunctionType, Named, Structure } from './model.ts';
import type { Module } from './module.ts';
import { camelCase, pascalCase } from './names.ts';

/** Names of the core module's exports, by the identifiers that AssemblyScript can spell. */
export type Renames = Map<string, string>;

/**
 * Writes the core function behind an exported one: takes the flat values apart, calls the author's function, and puts the result
 * together. `call` makes the expression that calls it.
 */
export function exportFunction(
  module: Module,
  renames: Renames,
  coreName: string,
  type: FunctionType,
  call: (args: readonly string[]) => string,
): void {
  const identifier = `export_${renames.size}`;
  renames.set(identifier, coreName);
  const { parameters, results, spilled, returnsPointer } = signature(type, 'export');
  const list = parameters.map((core, i) => `p${i}: ${core}`).join(', ');
  const lines = spilled ? fromMemory(module, type) : fromFlats(module, type, parameters);
  const called = call(type.parameters.map((_, i) => `a${i}`));
  lines.push(type.result === undefined ? `${called};` : `const result = ${called};`);
  const borrowed = new Set(type.parameters.flatMap((one) => borrowedResources(one.type)));
  for (const resource of borrowed) lines.push(`${module.className(resource)}.giveBack();`);
  if (type.result !== undefined && returnsPointer) {
    lines.push(
      `const at = heap.alloc(${size(type.result)});`,
      store(module, type.result, 'at', 'result'),
      'return <i32>at;',
    );
  } else if (type.result !== undefined) {
    lines.push(`${module.abi('rewind')}();`, push(module, type.result, 'result'));
    lines.push(`return ${fromBits(results[0] ?? 'i32', `${module.abi('flat')}(0)`)};`);
  }
  const body = lines.map((line) => `  ${line}`).join('\n');
  module.declare(`export function ${identifier}(${list}): ${results[0] ?? 'void'} {\n${body}\n}`);
}

/** The functions of an exported interface, those of its resources included. */
export function exportInterface(
  module: Module,
  renames: Renames,
  id: string,
  functions: readonly { readonly name: string; readonly type: FunctionType }[],
): void {
  const from = module.implementation(id);
  for (const { name, type } of functions) {
    const [, form, resource, method] = /^\[(constructor|method|static)\]([^.]+)(?:\.(.+))?$/.exec(name) ?? [];
    const author = (what: string) => module.use(from, what, `author_${what}`);
    exportFunction(module, renames, `${id}#${name}`, type, (args) => {
      if (form === undefined || resource === undefined) {
        return `${module.use(from, camelCase(name), `author_${renames.size}_${camelCase(name)}`)}(${args.join(', ')})`;
      }
      const owner = author(pascalCase(resource));
      const key = camelCase(method ?? '');
      if (form === 'constructor') return `new ${owner}(${args.join(', ')})`;
      if (form === 'static') return `${owner}.${key}(${args.join(', ')})`;
      return `${args[0]}.${key}(${args.slice(1).join(', ')})`;
    });
  }
}

/**
 * A resource that the guest makes: the host holds a number, which leads to the author's object. The author's class may have a method
 * `drop`, which is not called by itself: what the host drops is forgotten.
 */
export function exportedResource(module: Module, id: string, resource: Named): void {
  const name = pascalCase(resource.name);
  const author = module.resourceName(resource);
  const core = `core_${resource.name.replaceAll('-', '_')}`;
  module.declare(`@external("[export]${id}", "[resource-new]${resource.name}")
declare function ${core}_new(rep: i32): i32;
@external("[export]${id}", "[resource-rep]${resource.name}")
declare function ${core}_rep(handle: i32): i32;
@external("[export]${id}", "[resource-drop]${resource.name}")
declare function ${core}_drop(handle: i32): void;

const all${name}: Array<${author} | null> = [null];

/** The host gets it, for itself. */
export function give${name}(value: ${author}): i32 {
  all${name}.push(value);
  return ${core}_new(all${name}.length - 1);
}

/** The host gives it back, for good. */
export function take${name}(handle: i32): ${author} {
  const found = find${name}(${core}_rep(handle));
  ${core}_drop(handle);
  return found;
}

/** The host lends it: what is passed then is our own number. */
export function find${name}(rep: i32): ${author} {
  const found = all${name}[rep];
  assert(found !== null, "a ${resource.name} that is gone");
  return found!;
}

export function forget${name}(rep: i32): void {
  all${name}[rep] = null;
}`);
}

function fromMemory(module: Module, type: FunctionType): string[] {
  const structure: Structure = { kind: 'tuple', items: type.parameters.map((one) => one.type) };
  const { at } = offsets(structure);
  return type.parameters.map((one, i) => `const a${i} = ${load(module, one.type, `<usize>p0 + ${at[i]}`)};`);
}

function fromFlats(module: Module, type: FunctionType, parameters: readonly Parameters<typeof toBits>[0][]): string[] {
  if (parameters.length === 0) return type.parameters.map((one, i) => `const a${i} = ${pull(module, one.type)};`);
  return [
    `${module.abi('rewind')}();`,
    ...parameters.map((core, i) => `${module.abi('push')}(${toBits(core, `p${i}`)});`),
    `${module.abi('rewind')}();`,
    ...type.parameters.map((one, i) => `const a${i} = ${pull(module, one.type)};`),
  ];
}
