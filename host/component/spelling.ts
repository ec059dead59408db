import type { Field, FunctionShape, ValueType } from './shape.ts';

/** A function's type as text, the same for the same type: named as WIT names things, with all of it written out. */
export function spellFunction({ parameters, result }: FunctionShape): string {
  return `(${fields(parameters)})${result === undefined ? '' : ` -> ${spellType(result)}`}`;
}

function spellType(type: ValueType): string {
  switch (type.kind) {
    case 'record':
      return `record{${fields(type.fields)}}`;
    case 'variant':
      return `variant{${type.cases.map((one) => one.name + ofOptional(one.type)).join(', ')}}`;
    case 'list':
      return `list<${spellType(type.element)}>`;
    case 'tuple':
      return `tuple<${type.items.map(spellType).join(', ')}>`;
    case 'flags':
    case 'enum':
      return `${type.kind}{${type.names.join(', ')}}`;
    case 'option':
      return `option<${spellType(type.some)}>`;
    case 'result':
      return `result<${spellOptional(type.ok)}, ${spellOptional(type.error)}>`;
    case 'own':
    case 'borrow':
      return `${type.kind}<${type.resource.interface ?? ''}/${type.resource.name}>`;
    default:
      return type.kind;
  }
}

function fields(all: readonly Field[]): string {
  return all.map(({ name, type }) => `${name}: ${spellType(type)}`).join(', ');
}

function spellOptional(type: ValueType | undefined): string {
  return type === undefined ? '_' : spellType(type);
}

function ofOptional(type: ValueType | undefined): string {
  return type === undefined ? '' : `(${spellType(type)})`;
}
