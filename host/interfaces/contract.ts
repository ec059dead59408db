import type { ComponentShape, ExternShape } from '../component/shape.ts';
import { spellFunction } from '../component/spelling.ts';
import contract from './contract.json' with { type: 'json' };

/**
 * The functions of each interface with their types, as wit/ has them; test/contract/wit writes it (`vitest test/contract/wit --update=all`) and holds it against
 * wit/. A host function relies on its arguments to be of these types: an engine checks them against those that the component declares.
 */
const interfaces: Readonly<Record<string, Readonly<Record<string, string>>>> = contract;

const pluginInterface = 'bulkhead:cni/plugin@0.1.0';

/** Where a component's imports and exports are not of the types that the host's are; none where it can run. */
export function contractProblems({ imports, exports }: ComponentShape): readonly string[] {
  const plugin = exports.get(pluginInterface);
  return [
    ...[...imports].flatMap(([id, extern]) => importProblems(id, extern)),
    ...(plugin === undefined ? [`it does not export ${pluginInterface}`] : exportProblems(pluginInterface, plugin)),
  ];
}

/** No more are told of one interface: a component can have very many. */
const mostUnknown = 10;

/** A component may leave out what it does not use. */
function importProblems(id: string, extern: ExternShape): readonly string[] {
  const known = interfaces[id];
  if (known === undefined || !Object.hasOwn(interfaces, id) || id === pluginInterface)
    return [`it imports ${id}, which the host does not offer`];
  const unknown = namesOf(extern).filter((name) => !Object.hasOwn(known, name));
  if (unknown.length > mostUnknown)
    return [`it imports ${unknown.length} things of ${id} that the host does not offer`];
  return [
    ...unknown.map((name) => `it imports ${name} of ${id}, which the host does not offer`),
    ...spelled(extern)
      .filter(([name, text]) => Object.hasOwn(known, name) && known[name] !== text)
      .map(([name]) => `it imports ${name} of ${id} with another type than the host's`),
  ];
}

function namesOf(extern: ExternShape): readonly string[] {
  return extern.kind === 'function' ? [''] : [...extern.resources, ...extern.functions.keys()];
}

/** The host calls all of them. */
function exportProblems(id: string, extern: ExternShape): readonly string[] {
  const known = interfaces[id] ?? {};
  if (namesOf(extern).length > Object.keys(known).length + mostUnknown) return [`it exports too much of ${id}`];
  const given = new Map(spelled(extern));
  return Object.entries(known).flatMap(([name, text]) => {
    if (!given.has(name)) return [`it does not export ${name} of ${id}`];
    return given.get(name) === text ? [] : [`it exports ${name} of ${id} with another type than the host's`];
  });
}

/** Functions by name, and resources. */
export function spelled(extern: ExternShape): readonly (readonly [string, string])[] {
  if (extern.kind === 'function') return [['', spellFunction(extern)]];
  return [
    ...extern.resources.map((name) => [name, 'resource'] as const),
    ...[...extern.functions].map(([name, type]) => [name, spellFunction(type)] as const),
  ];
}
