import { type JsonObject, resultOf } from '../expect.ts';
import type { Call, Configuration, Ended } from './call.ts';
import type { World } from './world.ts';

type Identity = Pick<Call, 'id' | 'netns' | 'ifname' | 'args' | 'path' | 'type'>;

/** One container on one network, and the calls that a runtime makes for it. */
export class Attachment {
  readonly id: string;
  readonly netns: string;
  readonly ifname: string;
  readonly configuration: Configuration;
  readonly #world: World;
  readonly #identity: Identity;
  #added = false;

  constructor(world: World, identity: Identity, configuration: Configuration) {
    const { id = '', netns = '', ifname = '' } = identity;
    this.id = id;
    this.netns = netns;
    this.ifname = ifname;
    this.#world = world;
    this.#identity = identity;
    this.configuration = configuration;
  }

  add(more: Partial<Call> = {}, configuration: Configuration = {}): Promise<Ended> {
    this.#added = true;
    return this.#call('ADD', more, configuration);
  }

  /** The result of an ADD that has to succeed. */
  async added(more: Partial<Call> = {}, configuration: Configuration = {}): Promise<JsonObject> {
    return resultOf(await this.add(more, configuration));
  }

  del(more: Partial<Call> = {}, configuration: Configuration = {}): Promise<Ended> {
    return this.#call('DEL', more, configuration);
  }

  check(prevResult: unknown, configuration: Configuration = {}): Promise<Ended> {
    return this.#call('CHECK', {}, prevResult === undefined ? configuration : { prevResult, ...configuration });
  }

  /** What the container's namespace has. */
  get inside() {
    return this.#world.view(this.netns);
  }

  /** DEL where there was an ADD, whatever comes of it. */
  async release(): Promise<void> {
    if (this.#added) await this.del().catch(() => undefined);
  }

  #call(verb: string, more: Partial<Call>, configuration: Configuration): Promise<Ended> {
    return this.#world.call({
      ...this.#identity,
      ...more,
      verb,
      configuration: more.configuration ?? { ...this.configuration, ...configuration },
    });
  }
}
