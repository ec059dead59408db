import type { Verb } from '../cni/environment.ts';
import { fault } from '../interfaces/fault.ts';
import { describeOperation } from '../operations/operation.ts';
import type { Access } from '../policy/access.ts';
import type { Request } from '../policy/rule.ts';
import { deniedByVerb, isOperation } from '../policy/verbs.ts';
import type { Plugin } from '../trust/plugin.ts';

/** What was decided about one access. `would-deny` is let through, since the policy only audits. */
export interface Ruling {
  /** CNI type of the plugin. */
  readonly plugin: string;
  readonly access: Access;
  readonly decision: 'allowed' | 'denied' | 'would-deny';
  /** The line of the policy that allows it. */
  readonly line?: number | undefined;
  /** Why not. */
  readonly reason?: string | undefined;
}

/** Decides what one plugin may do in one call: by the verb, whatever else is granted, and by the policy. */
export class Guard {
  readonly #plugin: Plugin;
  readonly #verb: Verb;
  readonly #request: Request;
  readonly #notice: (ruling: Ruling) => void;
  #denied = false;

  constructor(plugin: Plugin, verb: Verb, request: Request, notice: (ruling: Ruling) => void) {
    this.#plugin = plugin;
    this.#verb = verb;
    this.#request = request;
    this.#notice = notice;
  }

  /** Whether anything was denied so far. */
  get denied(): boolean {
    return this.#denied;
  }

  /** Throws a fault `denied` where the verb is not about that, whatever is granted. */
  requireVerb(access: Access): void {
    const byVerb = deniedByVerb(this.#verb, access);
    if (byVerb !== undefined) this.#deny(access, byVerb);
  }

  /** Throws a fault `denied`; nothing was done then. */
  require(access: Access): void {
    this.requireVerb(access);
    const { grants, mode } = this.#plugin.rights;
    const { allowed, line, missing } = grants.decide(access, this.#request);
    if (allowed) {
      this.#notice({ plugin: this.#plugin.type, access, decision: 'allowed', line });
      return;
    }
    const remedy = missing === undefined ? 'no grant can say it' : `it would with: ${missing}`;
    const reason = `the policy does not let ${this.#plugin.type} ${describe(access)}; ${remedy}`;
    if (mode === 'enforce') this.#deny(access, reason);
    this.#notice({ plugin: this.#plugin.type, access, decision: 'would-deny', reason });
  }

  #deny(access: Access, reason: string): never {
    this.#denied = true;
    this.#notice({ plugin: this.#plugin.type, access, decision: 'denied', reason });
    throw fault('denied', `denied: ${reason}`);
  }
}

/** `enter the host`, `create bridge cni0 in the host` */
function describe(access: Access): string {
  if (isOperation(access)) return describeOperation(access);
  switch (access.kind) {
    case 'sandbox':
    case 'host':
      return `enter the ${access.kind}`;
    case 'log':
      return 'log';
    case 'masquerade.read':
      return 'look at what is masqueraded';
    case 'mac-guard.read':
      return 'look at which hardware addresses are guarded';
    case 'link.read':
    case 'address.read':
    case 'route.read':
      return `read ${access.kind.split('.')[0]}s in the ${access.door}`;
    case 'sysctl.read':
      return `read ${access.key} in the ${access.door}`;
    case 'lease.read':
      return `look at leases in ${access.directory}`;
    case 'resolver.read':
      return `read ${access.path}`;
    case 'delegate':
      return access.executable === undefined
        ? `run ${access.verb} of plugin ${access.type}`
        : `execute ${access.verb} of delegate ${access.type} (sha256:${access.executable})`;
  }
}
