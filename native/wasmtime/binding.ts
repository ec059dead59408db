import { WasmtimeError } from './errors.ts';
import { close } from './settle.ts';
import type { FunctionType, ResourceType } from './shape.ts';

/**
 * What a host offers: by interface id with version, functions in camelCase and resource classes in PascalCase; a function of
 * the world by its name, as `default`. An Error with a `payload` that a function throws is the err case of its `result`.
 */
export type HostImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

// biome-ignore lint/suspicious/noExplicitAny: the component's types say what they take, and every value is checked
type Callable = (...args: any[]) => unknown;
type Find = (host: HostImports) => Callable | undefined;

/** How the imports of one component are found in what a host offers; made once. */
export class Binding {
  readonly #wanted: readonly { readonly name: string; readonly find: Find }[];
  /** What was found in hosts that are still in use: one that does not change serves many instances. */
  readonly #hosts = new WeakMap<HostImports, readonly unknown[]>();
  /** By interface, its resources first. */
  readonly #names: readonly string[];

  constructor(imports: readonly FunctionType[], resources: readonly ResourceType[]) {
    const functions = imports.map((one) => ({ name: title(one), find: finder(one) }));
    const classes = resources.map((one) => ({ name: title(one), find: one.imported ? findClass(one) : noClass }));
    this.#wanted = [...functions, ...classes];
    const interfaces = new Set([...imports, ...resources].map((one) => one.interface));
    this.#names = [...interfaces].flatMap((id) =>
      [...resources, ...imports].filter((one) => one.interface === id).map(title),
    );
  }

  /** Functions, classes, and what closes an object, in the order that the Rust side has. Throws WasmtimeError `missing-import`, naming all that is missing. */
  to(host: HostImports): readonly unknown[] {
    const known = this.#hosts.get(host) ?? this.#find(host);
    this.#hosts.set(host, known);
    return known;
  }

  #find(host: HostImports): readonly unknown[] {
    const missing = new Set<string>();
    const found: unknown[] = this.#wanted.map(({ name, find }) => find(host) ?? missing.add(name));
    if (missing.size > 0) {
      const names = [...new Set(this.#names)].filter((name) => missing.has(name)).join(', ');
      throw new WasmtimeError({
        code: 'missing-import',
        message: `the component imports what the host does not offer: ${names}`,
      });
    }
    found.push(close);
    return found;
  }
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

function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function pascalCase(name: string): string {
  const camel = camelCase(name);
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}
