// Sets the container's loopback interface up. The interface that the runtime names is not asked for: it is always `lo`.

import { Some } from 'bulkhead-sdk/abi/values';
import { ensure, orFail } from 'bulkhead-sdk/failure';
import { toDown, toUp } from 'bulkhead-sdk/link-changes';
import { lookUpLink } from 'bulkhead-sdk/links';
import { OutcomeBuilder, sandboxInterface } from 'bulkhead-sdk/outcome';
import { Call, Plugin } from 'bulkhead-sdk/plugin';
import { Prefix } from 'bulkhead-sdk/prefix';
import { openSandbox } from 'bulkhead-sdk/sandbox';
import { Address, Outcome } from 'wit/cni/types';
import * as addresses from 'wit/net/addresses';
import { change } from 'wit/net/link-control';
import { Netns } from 'wit/net/namespaces';
import * as sandbox from 'wit/net/sandbox';

class Loopback extends Plugin {
  add(call: Call): Outcome {
    const ns = openSandbox();
    const lo = lookUpLink(ns, 'lo');
    orFail(change(ns, lo.index, toUp()), 'failed to set "lo" up');
    const found = loopbackAddresses(ns, lo.index);

    const outcome = new OutcomeBuilder(call.previous);
    if (call.previous !== null) return outcome.build();
    const position = outcome.addInterface(sandboxInterface('lo', ns.path()));
    for (let i = 0; i < found.length; i++) {
      const address = new Address();
      address.prefix = found[i].toWit();
      outcome.addAddress(address, position);
    }
    return outcome.build();
  }

  del(_call: Call): void {
    const ns = sandbox.open();
    if (ns === null) return;
    orFail(change(ns, lookUpLink(ns, 'lo').index, toDown()), 'failed to set "lo" down');
  }

  check(_call: Call): void {
    ensure(lookUpLink(openSandbox(), 'lo').up, 'loopback interface is down');
  }
}

/** The first address of each family, IPv4 first. Fails where one is none of a loopback interface. */
function loopbackAddresses(ns: Netns, index: u32): Prefix[] {
  const all = orFail(addresses.all(ns, new Some<u32>(index)), 'failed to list the addresses of "lo"');
  const found: Prefix[] = [];
  for (let family = 4; family <= 6; family += 2) {
    let first: Prefix | null = null;
    for (let i = 0; i < all.length; i++) {
      const prefix = Prefix.from(all[i].prefix);
      if (prefix.family !== family) continue;
      const text = prefix.address.toString();
      ensure(prefix.address.isLoopback, `loopback interface found with non-loopback address "${text}"`);
      if (first === null) first = prefix;
    }
    if (first !== null) found.push(first);
  }
  return found;
}

export function plugin(): Plugin {
  return new Loopback();
}
