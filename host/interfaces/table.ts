import type { ComponentShape } from '../component/shape.ts';
import type { HostImports } from '../engine/engine.ts';
import { addresses } from './addresses.ts';
import { bridgePorts } from './bridge-ports.ts';
import { delegate } from './delegate.ts';
import { exit } from './exit.ts';
import type { HostInterface } from './interface.ts';
import { leases } from './leases.ts';
import { linkControl } from './link-control.ts';
import { linkSetup } from './link-setup.ts';
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
  linkSetup,
  masquerade,
  macGuard,
  leases,
  resolver,
  delegate,
  exit,
  log,
];

/** A function of the host, as a guest imports it. */
export interface FunctionName {
  readonly interfaceId: string;
  readonly name: string;
}

/** Looks on while guests call the host. */
export interface Onlooker {
  readonly enter: (called: FunctionName) => void;
  readonly leave: () => void;
}

/** One call of a plugin, for which functions of the host are called. */
interface Served {
  readonly session: Session;
  readonly onlooker: Onlooker | undefined;
}

/** The functions behind a component's imports, for whichever session is served at the time. */
export class BoundInterfaces {
  readonly imports: HostImports;
  #served: Served | undefined;

  constructor(imports: ComponentShape['imports']) {
    const found = hostInterfaces.filter(({ id }) => imports.has(id));
    this.imports = Object.fromEntries(found.map((one) => [one.id, this.#bind(one)]));
  }

  /** Runs the body, in which functions of the host are those of that session. */
  serve<T>(session: Session, onlooker: Onlooker | undefined, body: () => T): T {
    const before = this.#served;
    this.#served = { session, onlooker };
    try {
      return body();
    } finally {
      this.#served = before;
    }
  }

  #bind({ id, functions, classes, refusal }: HostInterface): HostImports[string] {
    const bound: Record<string, HostImports[string][string]> = { ...classes };
    for (const [name, body] of Object.entries(functions)) {
      const called = { interfaceId: id, name };
      bound[name] = (...args) => {
        const { session, onlooker } = this.#serving();
        onlooker?.enter(called);
        try {
          return body(session, ...args);
        } catch (error) {
          throw refusal(error);
        } finally {
          onlooker?.leave();
        }
      };
    }
    return bound;
  }

  #serving(): Served {
    if (this.#served === undefined) throw new Error('a function of the host was called outside of any call');
    return this.#served;
  }
}
