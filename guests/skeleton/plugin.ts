// Sets the MTU of the container's interface. It runs in a chain, after the plugin that made the interface.

import { codes, ensure, orFail } from 'bulkhead-sdk/failure';
import { toMtu } from 'bulkhead-sdk/link-changes';
import { lookUpLink } from 'bulkhead-sdk/links';
import * as log from 'bulkhead-sdk/log';
import { OutcomeBuilder } from 'bulkhead-sdk/outcome';
import { Call, Plugin } from 'bulkhead-sdk/plugin';
import { openSandbox } from 'bulkhead-sdk/sandbox';
import { Configuration } from 'bulkhead-sdk/configuration';
import { Outcome } from 'wit/cni/types';
import { change } from 'wit/net/link-control';

class Skeleton extends Plugin {
  add(call: Call): Outcome {
    const mtu = readMtu(call.config);
    const ns = openSandbox();
    const link = lookUpLink(ns, call.interfaceName);
    orFail(change(ns, link.index, toMtu(mtu)), `failed to set the MTU of "${link.name}"`);
    log.info(`${link.name} has an MTU of ${mtu}, after ${link.mtu}`);
    return new OutcomeBuilder(call.previous).build();
  }

  check(call: Call): void {
    const mtu = readMtu(call.config);
    const link = lookUpLink(openSandbox(), call.interfaceName);
    ensure(link.mtu === mtu, `${link.name} has an MTU of ${link.mtu}, not ${mtu}`);
  }

  status(config: Configuration): void {
    readMtu(config);
  }
}

function readMtu(config: Configuration): u32 {
  ensure(config.has('mtu'), '"mtu" is missing', codes.invalidConfiguration);
  const mtu = config.integer('mtu');
  ensure(mtu >= 68 && mtu <= 65_535, `"mtu" is ${mtu}, which is not from 68 to 65535`, codes.invalidConfiguration);
  return <u32>mtu;
}

export function plugin(): Plugin {
  return new Skeleton();
}
