import type { Attachment, Contestant, PluginType, Request, Verb } from './contestants/contestant.ts';
import { callOf } from './contestants/contestant.ts';
import type { Namespaces } from './machine/namespaces.ts';
import type { Measured, MeasuredBatch, Meter } from './meter.ts';
import { addressOf } from './network.ts';

/** A call to make, and of whom. */
export interface Planned extends Request {
  readonly contestant: Contestant;
}

export interface Answered extends Planned {
  readonly measured: Measured;
  /** What it printed, where that is JSON. */
  readonly result: unknown;
}

interface Added {
  readonly interfaces?: readonly { readonly name?: string; readonly sandbox?: string }[];
  readonly ips?: readonly { readonly address?: string }[];
}

/**
 * Makes calls, and sees to it that each was answered rightly: nothing that failed is measured. Knows who has which address.
 */
export class Attachments {
  readonly #meter: Meter;
  readonly #namespaces: Namespaces;
  readonly #held = new Map<Contestant, Map<string, string>>();
  #made = 0;

  constructor(meter: Meter, namespaces: Namespaces) {
    this.#meter = meter;
    this.#namespaces = namespaces;
  }

  /** Interfaces to be, one in each of the first so many containers. */
  plan(count: number, first = 0, ifname = 'eth0'): Attachment[] {
    this.#namespaces.prepare(first + count);
    return Array.from({ length: count }, (_, i) => ({
      ...{ id: `container-${this.#made++}`, ifname },
      ...{ netns: this.#namespaces.container(first + i), address: addressOf(first + i) },
    }));
  }

  /** Throws where an answer is wrong. */
  async perform(
    planned: readonly Planned[],
    atOnce = 1,
  ): Promise<Omit<MeasuredBatch, 'calls'> & { readonly answers: Answered[] }> {
    const calls = planned.map((one) => callOf(one.contestant, one));
    const { nanoseconds, calls: measured } = await this.#meter.run(calls, atOnce);
    const answers = planned.map((one, i) => this.#judge(one, measured[i]));
    return { nanoseconds, answers };
  }

  #judge(planned: Planned, measured: Measured | undefined): Answered {
    if (measured === undefined) throw new Error(`no answer to ${titleOf(planned)}`);
    const answered = { ...planned, measured, result: parse(measured.stdout) };
    const fault = this.#faultOf(answered);
    if (fault === undefined) return answered;
    const { status, stdout, stderr } = measured;
    throw new Error(`${titleOf(planned)} ${fault}\nexit status ${status}\n${stdout}\n${stderr}`.trimEnd());
  }

  #faultOf({ contestant, type, verb, attachment, measured, result }: Answered): string | undefined {
    if (measured.status !== 0) return 'failed';
    if (contestant.name === 'nothing') return undefined;
    if (verb === 'VERSION') return isVersions(result) ? undefined : 'tells no versions';
    if (attachment === undefined) return 'is about nothing';
    if (verb === 'ADD') return this.#faultOfAdd(contestant, type, attachment, result as Added | undefined);
    if (verb === 'DEL') this.#addressesOf(contestant).delete(attachment.id);
    return measured.stdout === '' ? undefined : 'was answered with something';
  }

  #faultOfAdd(contestant: Contestant, type: PluginType, { id, netns, ifname }: Attachment, result: Added | undefined) {
    const isThere = result?.interfaces?.some(({ name, sandbox }) => name === ifname && sandbox === netns) === true;
    if (type !== 'host-local' && !isThere) return `did not make ${ifname}`;
    const address = result?.ips?.[0]?.address;
    if (address === undefined) return 'gave no address';
    if (type === 'loopback') return undefined;
    const held = this.#addressesOf(contestant);
    if ([...held.values()].includes(address)) return `gave ${address}, which another one has`;
    held.set(id, address);
    return undefined;
  }

  #addressesOf(contestant: Contestant): Map<string, string> {
    const held = this.#held.get(contestant) ?? new Map<string, string>();
    this.#held.set(contestant, held);
    return held;
  }
}

function isVersions(result: unknown): boolean {
  const { supportedVersions } = (result ?? {}) as { readonly supportedVersions?: unknown };
  return Array.isArray(supportedVersions) && supportedVersions.length > 0;
}

function titleOf({ contestant, type, verb, attachment }: Planned): string {
  return `${contestant.name}: ${type} ${verb as Verb} of ${attachment?.id ?? 'nothing'}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
