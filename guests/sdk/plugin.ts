import { Arguments } from 'bulkhead-sdk/arguments';
import { Configuration } from 'bulkhead-sdk/configuration';
import { Outcome, Request } from 'wit/cni/types';

/** What a call is about. */
export class Call {
  readonly containerId: string;
  readonly interfaceName: string;
  /** Of the specification, as configured. */
  readonly version: string;
  /** At most one address per family can be reported, where true. */
  readonly singleAddressPerFamily: bool;
  /** What the plugins before this one made; for CHECK and DEL, what the whole ADD made. */
  readonly previous: Outcome | null;
  /** The network configuration. */
  readonly config: Configuration;
  private text: string;

  constructor(request: Request) {
    this.containerId = request.containerId;
    this.interfaceName = request.interfaceName;
    this.version = request.version;
    this.singleAddressPerFamily = request.singleAddressPerFamily;
    this.previous = request.previous;
    this.config = Configuration.parse(request.config);
    this.text = request.arguments;
  }

  /** CNI_ARGS, of which the plugin knows these keys. Fails for others, unless the caller says IgnoreUnknown. */
  arguments(known: string[]): Arguments {
    return Arguments.parse(this.text, known);
  }
}

/**
 * A plugin says what it does for each verb of the specification. Whatever goes wrong, it leaves by `fail`. ADD may change things,
 * DEL only takes them away, CHECK and STATUS only look: the host sees to that.
 */
export abstract class Plugin {
  /** Connects the container, and says with what. */
  abstract add(call: Call): Outcome;

  /** Takes away what ADD made, as far as it is there. */
  del(_call: Call): void {}

  /** Fails where what ADD made is not as it was. */
  check(_call: Call): void {}

  /** Fails where an ADD could not succeed. */
  status(_config: Configuration): void {}
}
