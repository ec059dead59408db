import type { Answered } from '../attachments.ts';
import type { Attachment, Contestant, Verb } from '../contestants/contestant.ts';
import { bridgeNetwork } from '../network.ts';
import type { Arena } from './scenario.ts';

export interface CrowdOptions {
  /** How many of the calls may run at once; all of them, unless told. */
  readonly atOnce?: number;
  readonly masquerade?: boolean;
}

export interface Crowded {
  /** From the start of the first call to the end of the last. */
  readonly nanoseconds: number;
  readonly answers: readonly Answered[];
}

/** So many containers, of one contestant. */
export class Crowd {
  readonly #arena: Arena;
  readonly #contestant: Contestant;
  readonly #attachments: readonly Attachment[];
  readonly #options: CrowdOptions;
  #results: readonly unknown[] = [];

  constructor(arena: Arena, contestant: Contestant, count: number, options: CrowdOptions = {}) {
    this.#arena = arena;
    this.#contestant = contestant;
    this.#attachments = arena.attachments.plan(count);
    this.#options = options;
  }

  async add(): Promise<Crowded> {
    const added = await this.#call('ADD');
    this.#results = added.answers.map(({ result }) => result);
    return added;
  }

  check(): Promise<Crowded> {
    return this.#call('CHECK');
  }

  delete(): Promise<Crowded> {
    return this.#call('DEL');
  }

  async #call(verb: Verb): Promise<Crowded> {
    const { masquerade = false, atOnce = this.#attachments.length } = this.#options;
    const planned = this.#attachments.map((attachment, i) => ({
      ...{ contestant: this.#contestant, type: 'bridge' as const, verb, attachment },
      configuration: bridgeNetwork(this.#contestant, { masquerade, previous: this.#results[i] }),
    }));
    return this.#arena.attachments.perform(planned, atOnce);
  }
}
