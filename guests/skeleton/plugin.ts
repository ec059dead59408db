// Sets the MTU of the container's interface. It runs in a chain, after the plugin that made the interface. The configuration has been
// checked by the schema in manifest.json.

import { ensure, orFail } from 'bulkhead-sdk/failure';
import { toMtu } from 'bulkhead-sdk/link-changes';
import { lookUpLink } from 'bulkhead-sdk/links';
import * as log from 'bulkhead-sdk/log';
import { OutcomeBuilder } from 'bulkhead-sdk/outcome';
import { Call, Plugin } from 'bulkhead-sdk/plugin';
import { openSandbox } from 'bulkhead-sdk/sandbox';
import { Outcome } from 'wit/cni/types';
import { change } from 'wit/net/link-control';

class Skeleton extends Plugin {
  add(call: Call): Outcome {
    const mtu = <u32>call.config.integer('mtu');
    const ns = openSandbox();
    const link = lookUpLink(ns, call.interfaceName);
    orFail(change(ns, link.index, toMtu(mtu)), `failed to set the MTU of "${link.name}"`);
    log.info(`${link.name} has an MTU of ${mtu}, after ${link.mtu}`);
    return new OutcomeBuilder(call.previous).build();
  }

  check(call: Call): void {
    const mtu = <u32>call.config.integer('mtu');
    const link = lookUpLink(openSandbox(), call.interfaceName);
    ensure(link.mtu === mtu, `${link.name} has an MTU of ${link.mtu}, not ${mtu}`);
  }
}

export function plugin(): Plugin {
  return new Skeleton();
}
