// Does what the configuration says, one step after the other: `"ipam": { "add": ["lease 10.1.0.2"], "check": ["fail gone"] }`.

import { Configuration } from 'bulkhead-sdk/configuration';
import { fail, orFail } from 'bulkhead-sdk/failure';
import { Ip } from 'bulkhead-sdk/ip';
import * as log from 'bulkhead-sdk/log';
import { OutcomeBuilder } from 'bulkhead-sdk/outcome';
import { Call, Plugin } from 'bulkhead-sdk/plugin';
import { Prefix } from 'bulkhead-sdk/prefix';
import { Address, Outcome } from 'wit/cni/types';
import { ReservationTag, reserve } from 'wit/ipam/leases';

const outcome = new OutcomeBuilder();

class Inner extends Plugin {
  add(call: Call): Outcome {
    follow(call.config, 'add');
    return outcome.build();
  }

  del(call: Call): void {
    follow(call.config, 'del');
  }

  check(call: Call): void {
    follow(call.config, 'check');
  }

  status(config: Configuration): void {
    follow(config, 'status');
  }
}

function follow(config: Configuration, verb: string): void {
  const steps = config.object('ipam').texts(verb);
  for (let i = 0; i < steps.length; i++) {
    const words = steps[i].split(' ');
    if (words[0] == 'lease') lease(Ip.parse(words[1])!);
    else if (words[0] == 'say') log.info(words[1]);
    else if (words[0] == 'fail') fail(words[1]);
    else unreachable();
  }
}

/** Fails where the container has it already. */
function lease(ip: Ip): void {
  if (orFail(reserve(0, ip.toWit()), 'lease').tag !== ReservationTag.Leased) fail('not free');
  const address = new Address();
  address.prefix = new Prefix(ip, 24).toWit();
  outcome.addUnplacedAddress(address);
}

export function plugin(): Plugin {
  return new Inner();
}
