import { WasmtimeError } from './errors.ts';
import { camelCase, pascalCase } from './names.ts';
import type { FunctionType, ResourceType } from './shape.ts';
import type { BoundHost, Callable } from './side.ts';

/**
 * What a host offers: by interface id with version, functions in camelCase and resource classes in PascalCase; a function of
 * the world by its name, as `default`. An Error with a `payload` that a function throws is the err case of its `result`.
 */
export type HostImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

type Find = (host: HostImports) => Callable | undefined;

/** How the imports of one component are found in what a host offers; made once. */
export class Binding {
  readonly #functions: readonly Wanted[];
  readonly #classes: readonly Wanted[];
  /** What was found in hosts that are still in use: one that does not change serves many instances. */
  readonly #hosts = new WeakMap<HostImports, BoundHost>();
  /** By interface, its resources first. */
  readonly #names: readonly string[];

  constructor(imports: readonly FunctionType[], resources: readonly ResourceType[]) {
    this.#functions = imports.map((one) => ({ name: title(one), find: finder(one) }));
    this.#classes = resources.map((one) => ({ name: title(one), find: one.imported ? findClass(one) : noClass }));
    const interfaces = new Set([...imports, ...resources].map((one) => one.interface));
    this.#names = [...interfaces].flatMap((id) =>
      [...resources, ...imports].filter((one) => one.interface === id).map(title),
    );
  }

  /** Throws WasmtimeError `missing-import`, naming all that is missing. */
  to(host: HostImports): BoundHost {
    const known = this.#hosts.get(host) ?? this.#find(host);
    this.#hosts.set(host, known);
    return known;
  }

  #find(host: HostImports): BoundHost {
    const missing = new Set<string>();
    const found = (all: readonly Wanted[]) =>
      all.flatMap(({ name, find }) => {
        const one = find(host);
        if (one === undefined) missing.add(name);
        return one ?? [];
      });
    const bound = { functions: found(this.#functions), classes: found(this.#classes) };
    if (missing.size === 0) return bound;
    const names = [...new Set(this.#names)].filter((name) => missing.has(name)).join(', ');
    const message = `the component imports what the host does not offer: ${names}`;
    throw new WasmtimeError({ code: 'missing-import', message });
  }
}

interface Wanted {
  readonly name: string;
  readonly find: Find;
}

/** A missing class is named once, as the resource. */
function title({ interface: id, name }: { readonly interface?: string; readonly name: string }): string {
  const { resource } = partsOf(name);
  return id === undefined ? name : `${id} ${resource ?? name}`;
}

function finder({ interface: id, name }: FunctionType): Find {
  if (id === undefined) return (host) => callable(host[name]?.default);
  const { form, resource, member } = partsOf(name);
  const key = camelCase(member);
  const classOf = findClass({ interface: id, name: resource ?? '' });
  switch (form) {
    case 'constructor':
      return (host) => {
        const resourceClass = classOf(host);
        return resourceClass && ((...args) => Reflect.construct(resourceClass, args));
      };
    case 'static':
      return (host) => {
        const resourceClass = classOf(host) as Record<string, Callable> | undefined;
        return resourceClass && ((...args) => resourceClass[key]?.(...args));
      };
    case 'method': {
      const method: Callable = (self: Record<string, Callable>, ...args) => self[key]?.(...args);
      return (host) => classOf(host) && method;
    }
    default:
      return (host) => callable(host[id]?.[key]);
  }
}

function findClass({ interface: id = '', name }: { readonly interface?: string; readonly name: string }): Find {
  const key = pascalCase(name);
  return (host) => callable(host[id]?.[key]);
}

/** For resources of the guest's own. */
const noClass: Find = () => Object;

function callable(value: unknown): Callable | undefined {
  return typeof value === 'function' ? (value as Callable) : undefined;
}

interface Parts {
  readonly form: string | undefined;
  readonly resource: string | undefined;
  readonly member: string;
}

/** `[method]lease.renew`, `[static]lease.live`, `[constructor]lease` or a plain name. */
function partsOf(name: string): Parts {
  const [, form, resource, member = ''] = /^\[(constructor|method|static)\]([^.]+)(?:\.(.+))?$/.exec(name) ?? [];
  return { form, resource, member: form === undefined ? name : member };
}
