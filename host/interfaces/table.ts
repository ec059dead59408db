import type { ComponentShape } from '../component/shape.ts';
import type { HostFunction, HostImports, ResourceClass } from '../engine/engine.ts';
import { addresses } from './addresses.ts';
import { bridgePorts } from './bridge-ports.ts';
import { delegate } from './delegate.ts';
import { exit } from './exit.ts';
import type { HostInterface } from './interface.ts';
import { leases } from './leases.ts';
import { linkControl } from './link-control.ts';
import { links } from './links.ts';
import { log } from './log.ts';
import { macGuard } from './mac-guard.ts';
import { masquerade } from './masquerade.ts';
import { host, namespaces, sandbox } from './namespaces.ts';
import { resolver } from './resolver.ts';
import { routes } from './routes.ts';
import type { Session } from './session.ts';
import { sysctls } from './sysctls.ts';

/** All that a plugin can import. What is not in this table does not exist. */
export const hostInterfaces: readonly HostInterface[] = [
  namespaces,
  sandbox,
  host,
  links,
  linkControl,
  bridgePorts,
  addresses,
  routes,
  sysctls,
  masquerade,
  macGuard,
  leases,
  resolver,
  delegate,
  exit,
  log,
];

/** Looks on at a function of the host: what it returns takes its place. */
export type Watch = (interfaceId: string, name: string, body: HostFunction) => HostFunction;

/** The functions behind those imports, for one call. */
export function bindInterfaces(session: Session, imports: ComponentShape['imports'], watch?: Watch): HostImports {
  const bound: Record<string, HostImports[string]> = {};
  for (const { id, bind } of interfacesOf(imports)) {
    const members = bind(session);
    bound[id] = watch === undefined ? members : watching(id, members, watch);
  }
  return bound;
}

/** By what a component imports. */
const found = new WeakMap<ComponentShape['imports'], readonly HostInterface[]>();

function interfacesOf(imports: ComponentShape['imports']): readonly HostInterface[] {
  const known = found.get(imports) ?? hostInterfaces.filter(({ id }) => imports.has(id));
  found.set(imports, known);
  return known;
}

/** Classes stay as they are: what a handle tells of itself costs nothing. */
function watching(id: string, members: HostImports[string], watch: Watch): HostImports[string] {
  const watched: Record<string, HostImports[string][string]> = {};
  for (const [name, member] of Object.entries(members)) {
    watched[name] = isFunction(name, member) ? watch(id, name, member) : member;
  }
  return watched;
}

/** Classes have names in PascalCase. */
function isFunction(name: string, member: HostFunction | ResourceClass): member is HostFunction {
  return typeof member === 'function' && name.charAt(0) === name.charAt(0).toLowerCase();
}
