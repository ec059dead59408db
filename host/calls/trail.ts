import { type AuditEntry, type AuditedAccess, auditedConfiguration, sha256 } from '../audit/entry.ts';
import type { AuditLog } from '../audit/log.ts';
import type { Call } from '../cni/call.ts';
import type { CniError } from '../cni/error.ts';
import type { JsonObject } from '../cni/json/value.ts';
import type { Operation } from '../operations/operation.ts';
import type { Stage } from '../operations/transaction.ts';
import type { Access } from '../policy/access.ts';
import { randomHex } from '../system/random.ts';
import type { Writable } from '../system/writable.ts';
import type { Plugin } from '../trust/plugin.ts';
import type { Ruling } from './guard.ts';
import { at } from './request.ts';

/** No call has more in the log; denials get the rest of the room where what was allowed has used up its own. */
const most = { allowed: 1000, all: 5000 };

/** UTF-16 units: of one name, of one access as JSON, of one reason, of an error's message, and of all accesses. A guest can give names and lists of megabytes. */
const longest = { name: 1000, access: 2000, reason: 1000, message: 10_000, all: 1_000_000 };

type Noted = Writable<AuditedAccess>;

/** What one call did, gathered for the audit log while it runs. */
export class Trail {
  readonly correlation = randomHex(8);
  readonly #call: Call;
  readonly #type: string;
  readonly #time = new Date().toISOString();
  readonly #started = performance.now();
  readonly #operations: Noted[] = [];
  /** What was let through, and when. */
  readonly #decided = new WeakMap<Access, { readonly noted: Noted; readonly at: number }>();
  #omitted = 0;
  #length = 0;
  #plugin: Plugin | undefined;

  constructor(call: Call, type: string) {
    this.#call = call;
    this.#type = type;
  }

  /** The plugin that the call is for; delegates are told by their operations. */
  readonly ran = (plugin: Plugin | undefined): void => {
    this.#plugin ??= plugin;
  };

  readonly notice = ({ access, decision, line, reason, plugin }: Ruling): void => {
    const room = decision === 'allowed' ? most.allowed : most.all;
    if (this.#operations.length >= room || this.#length > longest.all) {
      this.#omitted++;
      return;
    }
    const text = JSON.stringify(access);
    const kept =
      text.length <= longest.access ? access : { kind: access.kind, length: text.length, sha256: sha256(text) };
    this.#length += Math.min(text.length, longest.access) + Math.min(reason?.length ?? 0, longest.reason);
    const noted: Noted = {
      plugin,
      access: kept,
      decision,
      line,
      reason: reason && shortened(reason, longest.reason),
    };
    this.#operations.push(noted);
    this.#decided.set(access, { noted, at: performance.now() });
  };

  /** Of several that are carried out together, each takes as long as they all. */
  readonly observe = (stage: Stage, operation: Operation): void => {
    const decided = stage === 'applied' ? this.#decided.get(operation) : undefined;
    if (decided !== undefined) decided.noted.microseconds = Math.round((performance.now() - decided.at) * 1000);
  };

  /** Whatever comes of it, the call has ended as it has. */
  writeTo(log: Pick<AuditLog, 'append'>, error: CniError | undefined): void {
    log.append(this.#entry(error));
  }

  #entry(error: CniError | undefined): AuditEntry {
    const { environment, configuration, verb } = this.#call;
    const plugin = this.#plugin;
    return {
      time: this.#time,
      correlation: this.correlation,
      verb,
      type: this.#type,
      network: shortened(configuration.name, longest.name),
      containerId: shortened(environment.containerId, longest.name),
      interfaceName: shortened(environment.interfaceName, longest.name),
      plugin: plugin && {
        version: plugin.manifest.version,
        digest: plugin.digest,
        signers: plugin.rights.signers,
      },
      operations: this.#operations,
      omitted: this.#omitted === 0 ? undefined : this.#omitted,
      outcome:
        error === undefined
          ? { ok: true }
          : { ok: false, code: error.code, message: shortened(error.message, longest.message) },
      milliseconds: Math.round((performance.now() - this.#started) * 1000) / 1000,
      configuration: configurationOf(this.#call),
      arguments: environment.args === '' ? undefined : sha256(environment.args),
    };
  }
}

/** Of documents that are still in use: calls that came with the same bytes have the same one. */
const audited = new WeakMap<JsonObject, AuditEntry['configuration']>();

function configurationOf({ configuration: { document }, stdin }: Call): AuditEntry['configuration'] {
  const known = audited.get(document) ?? auditedConfiguration((pointer) => at(document, pointer), stdin);
  audited.set(document, known);
  return known;
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
