import { GeneratorError, type Home } from './model.ts';

/** Words that AssemblyScript keeps for itself, and types and functions that are there everywhere. */
const reserved = new Set(
  `abstract any as async await bool break case catch class const constructor continue debugger declare default delete do else
  enum export extends f32 f64 false finally for from function get global i8 i16 i32 i64 if implements import in instanceof interface is
  isize keyof let module namespace new null number of package private protected public readonly return set static string super
  switch symbol this throw true try type typeof u8 u16 u32 u64 undefined unmanaged usize v128 var void while with yield
  load store push pull flat pad skip rewind memory heap assert abort unreachable changetype`.split(/\s+/),
);

/** Built-in classes, and those of bulkhead-sdk/abi/values: a type of the same name gets a `_`. */
const builtinTypes = new Set(
  `Array ArrayBuffer Boolean DataView Date Error Function JSON Map Math Number Object Promise Proxy RangeError Reflect RegExp Set
  StaticArray String Symbol TypeError Uint8Array I8 I16 I32 I64 U8 U16 U32 U64 F32 F64 Some Nothing Result Tuple`.split(
    /\s+/,
  ),
);

/** `peer-namespace` → `peerNamespace`; a reserved word gets a `_`. */
export function camelCase(name: string): string {
  const camel = name.replace(/-([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
  const lowered = camel.charAt(0).toLowerCase() + camel.slice(1);
  return reserved.has(lowered) ? `${lowered}_` : lowered;
}

/** `link-plan` → `LinkPlan`; a built-in type gets a `_`. */
export function pascalCase(name: string): string {
  const pascal = name.replace(/(?:^|-)([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
  return builtinTypes.has(pascal) || /^Tuple\d+$/.test(pascal) ? `${pascal}_` : pascal;
}

/**
 * Paths of generated modules below `wit/`: package and interface, `net/links`; with namespace and version before that where two
 * interfaces would have one path. Exported interfaces are kept apart, since their resources are others. Throws GeneratorError.
 */
export class ModulePaths {
  readonly #paths = new Map<string, string>();

  constructor(homes: readonly Home[]) {
    const short = Map.groupBy(homes, shortPath);
    for (const home of homes) {
      const alone = (short.get(shortPath(home)) ?? []).length === 1;
      const path = alone ? shortPath(home) : longPath(home);
      if ([...this.#paths.values()].includes(path)) throw new GeneratorError(`two interfaces would be called ${path}`);
      this.#paths.set(key(home), path);
    }
  }

  of(home: Home): string {
    const found = this.#paths.get(key(home));
    if (found === undefined) throw new GeneratorError(`${home.id} is not an interface of this world`);
    return found;
  }
}

/** `bulkhead:net/links@0.1.0` in parts; an inline interface has its name only. */
export function parseId(id: string): { namespace?: string; package?: string; name: string; version?: string } {
  const [, namespace, packageName, name, version] = /^([^:]+):([^/]+)\/([^@]+)(?:@(.+))?$/.exec(id) ?? [];
  if (namespace === undefined || packageName === undefined || name === undefined) return { name: id };
  return { namespace, package: packageName, name, ...(version === undefined ? {} : { version }) };
}

function key({ id, direction }: Home): string {
  return `${direction} ${id}`;
}

function shortPath({ id, direction }: Home): string {
  const parsed = parseId(id);
  const path = parsed.package === undefined ? `world/${parsed.name || 'types'}` : `${parsed.package}/${parsed.name}`;
  return direction === 'export' ? `exports/${path}` : path;
}

function longPath(home: Home): string {
  const { namespace, package: packageName, name, version } = parseId(home.id);
  const path = [namespace, packageName, name, version?.replaceAll(/[^a-z0-9]/gi, '_')].filter(
    (part) => part !== undefined,
  );
  return `${home.direction === 'export' ? 'exports/' : ''}${path.join('/')}`;
}
