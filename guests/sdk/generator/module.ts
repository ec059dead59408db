import { GeneratorError, type Named, originOf, type Structure, structureOf, type WitType } from './model.ts';
import { camelCase, type ModulePaths, pascalCase } from './names.ts';

/** Where the author implements an exported interface, and what the bindings import from there. */
export type Implementation = (id: string) => string;

/** One generated module: gathers imports and helpers while declarations are written. */
export class Module {
  readonly path: string;
  readonly paths: ModulePaths;
  readonly implementation: Implementation;
  readonly #imports = new Map<string, Set<string>>();
  readonly #declarations: string[] = [];
  readonly #helpers = new Map<string, string>();

  constructor(path: string, paths: ModulePaths, implementation: Implementation) {
    this.path = path;
    this.paths = paths;
    this.implementation = implementation;
  }

  declare(text: string): void {
    this.#declarations.push(text);
  }

  /** Makes the helper once, and returns its name. A helper that needs itself finds its name taken already. */
  helper(name: string, make: () => string): string {
    if (!this.#helpers.has(name)) {
      this.#helpers.set(name, '');
      this.#helpers.set(name, make());
    }
    return name;
  }

  /** A name of another module, importing it. */
  use(from: string, name: string, as = name): string {
    const names = this.#imports.get(from) ?? new Set();
    names.add(as === name ? name : `${name} as ${as}`);
    this.#imports.set(from, names);
    return as;
  }

  /** Of the runtime in guests/sdk/abi/memory.ts. */
  abi(name: string): string {
    return this.use('bulkhead-sdk/abi/memory', name);
  }

  value(name: string): string {
    return this.use('bulkhead-sdk/abi/values', name);
  }

  /** The path of the module that defines a named type. */
  homeOf(type: Named): string {
    if (type.home === undefined) throw new GeneratorError(`type ${type.name} has no interface`);
    return this.paths.of(type.home);
  }

  /** A class or enum that the type has, by the name that it has here. */
  className(type: Named): string {
    const name = pascalCase(type.name);
    const home = this.homeOf(type);
    if (home === this.path) return name;
    return this.use(`wit/${home}`, name, `${home.replaceAll(/[^a-zA-Z0-9]/g, '_')}_${name}`);
  }

  /** The type as AssemblyScript writes it. */
  typeName(type: WitType): string {
    const structure = structureOf(type);
    const origin = originOf(type);
    switch (structure.kind) {
      case 'bool':
      case 'u8':
      case 'u16':
      case 'u32':
      case 'u64':
      case 'f32':
      case 'f64':
      case 'string':
        return structure.kind;
      case 's8':
      case 's16':
      case 's32':
      case 's64':
        return structure.kind.replace('s', 'i');
      case 'char':
      case 'flags':
        return 'u32';
      case 'list':
        return structureOf(structure.element).kind === 'u8'
          ? 'Uint8Array'
          : `Array<${this.typeName(structure.element)}>`;
      case 'tuple':
        return `${this.value(tupleName(structure.items.length))}<${structure.items.map((item) => this.typeName(item)).join(', ')}>`;
      case 'option':
        return isReference(structure.some)
          ? `${this.typeName(structure.some)} | null`
          : `${this.value('Some')}<${this.typeName(structure.some)}> | null`;
      case 'result':
        return `${this.value('Result')}<${this.sideName(structure.ok)}, ${this.sideName(structure.error)}>`;
      case 'own':
      case 'borrow':
        return this.resourceName(structure.resource);
      case 'record':
      case 'variant':
      case 'enum':
      case 'resource':
        if (origin === undefined) throw new GeneratorError(`a ${structure.kind} without a name`);
        return this.className(origin);
    }
  }

  sideName(side: WitType | undefined): string {
    return side === undefined ? this.value('Nothing') : this.typeName(side);
  }

  /** An imported resource is a generated class; an exported one is the author's. */
  resourceName(resource: Named): string {
    const origin = originOf(resource) ?? resource;
    if (origin.home?.direction !== 'export') return this.className(origin);
    const name = pascalCase(origin.name);
    return this.use(this.implementation(origin.home.id), name, `author_${name}`);
  }

  print(): string {
    const imports = [...this.#imports].map(
      ([from, names]) => `import { ${[...names].sort().join(', ')} } from "${from}";`,
    );
    const parts = [imports.sort().join('\n'), ...this.#declarations, ...this.#helpers.values()];
    return `// Generated from WIT. Do not edit.\n${parts.filter((part) => part !== '').join('\n\n')}\n`;
  }
}

/** Whether AssemblyScript has null for it. An option is nullable already: one around it needs a box. */
export function isReference(type: WitType): boolean {
  const { kind } = structureOf(type);
  return ['string', 'list', 'tuple', 'record', 'variant', 'result', 'own', 'borrow'].includes(kind);
}

function tupleName(length: number): string {
  if (length > 16) throw new GeneratorError(`a tuple of ${length}: 16 are the most`);
  return `Tuple${length}`;
}

/** A name for helpers of types, the same for equal types. */
export function mangle(type: WitType): string {
  const origin = originOf(type);
  const structure: Structure = structureOf(type);
  switch (structure.kind) {
    case 'list':
      return `list_${mangle(structure.element)}`;
    case 'tuple':
      return `tuple${structure.items.length}_${structure.items.map(mangle).join('_')}`;
    case 'option':
      return `option_${mangle(structure.some)}`;
    case 'result':
      return `result_${structure.ok === undefined ? 'nothing' : mangle(structure.ok)}_${structure.error === undefined ? 'nothing' : mangle(structure.error)}`;
    case 'own':
    case 'borrow':
      return `${structure.kind}_${mangleNamed(originOf(structure.resource) ?? structure.resource)}`;
    case 'record':
    case 'variant':
    case 'enum':
    case 'flags':
    case 'resource':
      return origin === undefined ? structure.kind : mangleNamed(origin);
    default:
      return structure.kind;
  }
}

function mangleNamed({ name, home }: Named): string {
  return `${home?.direction ?? ''}_${home?.id.replaceAll(/[^a-zA-Z0-9]/g, '_') ?? ''}_${camelCase(name)}`;
}
