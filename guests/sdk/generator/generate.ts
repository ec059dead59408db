import { defineType } from './definitions.ts';
import { exportedResource, exportFunction, exportInterface, type Renames } from './exports.ts';
import { importFunctions } from './imports.ts';
import { GeneratorError, type Home, type Interface, structureOf, type World } from './model.ts';
import { type Implementation, Module } from './module.ts';
import { camelCase, ModulePaths, parseId, pascalCase } from './names.ts';

export interface Bindings {
  /** AssemblyScript sources by path below `wit/`, without the ending. */
  readonly modules: ReadonlyMap<string, string>;
  /** The module to compile. */
  readonly entry: string;
  /** Exports of the core module: AssemblyScript's name, and the name that the component needs. */
  readonly renames: Renames;
}

/** `bulkhead:cni/plugin`: carried out by the SDK, which calls the author's plugin. */
const pluginInterface = /^bulkhead:cni\/plugin@/;

/**
 * Makes the bindings of a world: a module for each interface, and the entry with what the world exports. An exported interface is
 * implemented by the author in the module named like it; functions that the world exports by itself, in `world.ts`.
 * Throws GeneratorError where names cannot be kept apart, or the world has what guests cannot have.
 */
export function generateBindings(world: World): Bindings {
  const homes = homesOf(world);
  const paths = new ModulePaths(homes);
  const implementation = implementationOf(world);
  const modules = new Map<string, string>();
  const entry = new Module('entry', paths, implementation);
  const renames: Renames = new Map();
  const open = (home: Home) => new Module(paths.of(home), paths, implementation);

  for (const item of world.imports) {
    if (item.kind !== 'interface') continue;
    const module = open({ id: item.id, direction: 'import' });
    inContext(item.id, () => importInterface(module, item.id, item.interface));
    modules.set(module.path, module.print());
  }
  const rootHome: Home = { id: '', direction: 'import' };
  if (homes.some(({ id }) => id === '')) {
    const root = open(rootHome);
    for (const item of world.imports) {
      if (item.kind === 'type') defineType(root, item.type);
      if (item.kind === 'function') importFunctions(root, '$root', [{ name: item.id, type: item.function }], []);
    }
    modules.set(root.path, root.print());
  }
  for (const item of world.exports) {
    if (item.kind === 'function') {
      const name = camelCase(item.id);
      const author = entry.use('guest/world', name, `author_${name}`);
      inContext(item.id, () =>
        exportFunction(entry, renames, item.id, item.function, (args) => `${author}(${args.join(', ')})`),
      );
    }
    if (item.kind !== 'interface') continue;
    const module = open({ id: item.id, direction: 'export' });
    inContext(item.id, () => {
      for (const type of item.interface.types) defineType(module, type);
      for (const resource of resourcesOf(item.interface)) {
        exportedResource(module, item.id, resource);
        const forget = entry.use(`wit/${module.path}`, `forget${pascalCase(resource.name)}`);
        const identifier = `export_${renames.size}`;
        renames.set(identifier, `${item.id}#[dtor]${resource.name}`);
        entry.declare(`export function ${identifier}(rep: i32): void {\n  ${forget}(rep);\n}`);
      }
      exportInterface(entry, renames, item.id, item.interface.functions);
    });
    modules.set(module.path, module.print());
  }
  entry.declare('export { cabi_realloc } from "bulkhead-sdk/abi/memory";');
  modules.set(entry.path, entry.print());
  return { modules, entry: entry.path, renames };
}

function importInterface(module: Module, id: string, { types, functions }: Interface): void {
  for (const type of types) defineType(module, type);
  const own = resourcesOf({ types, functions });
  importFunctions(module, id, functions, own);
}

/** Resources that the interface defines, not those that it uses. */
function resourcesOf({ types }: Interface) {
  return types.filter((type) => type.of.kind !== 'named' && structureOf(type).kind === 'resource');
}

function homesOf(world: World): Home[] {
  const homes: Home[] = [];
  for (const item of world.imports) if (item.kind === 'interface') homes.push({ id: item.id, direction: 'import' });
  for (const item of world.exports) if (item.kind === 'interface') homes.push({ id: item.id, direction: 'export' });
  if (world.imports.some((item) => item.kind !== 'interface')) homes.push({ id: '', direction: 'import' });
  return homes;
}

/** Where exported interfaces are implemented: `guest/NAME`; two of one name, with their packages. Throws GeneratorError. */
function implementationOf(world: World): Implementation {
  const ids = world.exports.flatMap((item) => (item.kind === 'interface' ? [item.id] : []));
  const names = Map.groupBy(ids, (id) => parseId(id).name);
  return (id) => {
    if (pluginInterface.test(id)) return 'bulkhead-sdk/abi/exports';
    const { package: packageName, name } = parseId(id);
    return (names.get(name) ?? []).length > 1 && packageName !== undefined
      ? `guest/${packageName}-${name}`
      : `guest/${name}`;
  };
}

function inContext(where: string, body: () => void): void {
  try {
    body();
  } catch (error) {
    if (error instanceof GeneratorError) throw new GeneratorError(`${where}: ${error.message}`, { cause: error });
    throw error;
  }
}
