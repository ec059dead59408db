import { type Case, type Member, type Named, structureOf, type WitType } from './model.ts';
import { isReference, type Module } from './module.ts';
import { camelCase, pascalCase } from './names.ts';

/** Writes the definition of a named type; of a further name of one, its re-export. */
export function defineType(module: Module, type: Named): void {
  const name = pascalCase(type.name);
  const structure = structureOf(type);
  if (type.of.kind === 'named') {
    defineAlias(module, type, name);
    return;
  }
  switch (structure.kind) {
    case 'record':
      module.declare(recordClass(module, name, structure.fields));
      return;
    case 'variant':
      module.declare(variantClass(module, name, structure.cases));
      return;
    case 'enum':
      module.declare(
        `export enum ${name} {\n${structure.labels.map((label) => `  ${pascalCase(label)},`).join('\n')}\n}`,
      );
      return;
    case 'flags':
      module.declare(flagsClass(name, structure.labels));
      return;
    case 'resource':
      return;
    default:
      module.declare(`export type ${name} = ${module.typeName(type)};`);
  }
}

function defineAlias(module: Module, type: Named, name: string): void {
  const { kind } = structureOf(type);
  const target = type.of as Named;
  const from = module.homeOf(target.home === undefined ? type : target);
  const original = pascalCase(target.name);
  if (kind === 'resource' && target.home?.direction === 'export') return;
  if (from === module.path) {
    if (original !== name) module.declare(`export type ${name} = ${original};`);
    return;
  }
  module.declare(`export { ${original === name ? name : `${original} as ${name}`} } from "wit/${from}";`);
}

/** Fields have the defaults of their types; what has none must be set before it is read. */
function recordClass(module: Module, name: string, fields: readonly Member[]): string {
  const lines = fields.map(({ name: field, type }) => `  ${declareField(module, camelCase(field), type)}`);
  return `export class ${name} {\n${lines.join('\n')}\n}`;
}

function declareField(module: Module, field: string, type: WitType): string {
  const structure = structureOf(type);
  const typeName = module.typeName(type);
  switch (structure.kind) {
    case 'string':
      return `${field}: string = "";`;
    case 'list':
      return structureOf(structure.element).kind === 'u8'
        ? `${field}: Uint8Array = new Uint8Array(0);`
        : `${field}: ${typeName} = new ${typeName}();`;
    case 'option':
      return `${field}: ${typeName} = null;`;
    case 'record':
      return `${field}: ${typeName} = new ${typeName}();`;
    case 'bool':
      return `${field}: bool = false;`;
    default:
      return isReference(type) ? `${field}!: ${typeName};` : `${field}: ${typeName} = 0;`;
  }
}

/** A tag, and a payload for each case that has one. Made by the static function named like the case. */
function variantClass(module: Module, name: string, cases: readonly Case[]): string {
  const tag = `${name}Tag`;
  const tags = `export enum ${tag} {\n${cases.map((one) => `  ${pascalCase(one.name)},`).join('\n')}\n}`;
  const members = cases.flatMap(({ name: label, type }) => {
    const field = camelCase(label);
    const make = `    const made = new ${name}(${tag}.${pascalCase(label)});`;
    if (type === undefined) return [`  static ${field}(): ${name} {\n${make}\n    return made;\n  }`];
    const typeName = module.typeName(type);
    return [
      `  private payload_${declareField(module, field, type)}`,
      `  static ${field}(value: ${typeName}): ${name} {\n${make}\n    made.payload_${field} = value;\n    return made;\n  }`,
      `  get ${field}(): ${typeName} {\n    assert(this.tag == ${tag}.${pascalCase(label)}, "not ${label}");\n    return this.payload_${field};\n  }`,
    ];
  });
  return `${tags}\n\nexport class ${name} {\n  private constructor(public readonly tag: ${tag}) {}\n\n${members.join('\n\n')}\n}`;
}

function flagsClass(name: string, labels: readonly string[]): string {
  const lines = labels.map((label, i) => `  static readonly ${pascalCase(label)}: u32 = ${2 ** i};`);
  return `export class ${name} {\n${lines.join('\n')}\n}`;
}
