// Does what the configuration says, one step after the other: `"outer": { "add": ["delegate.add", "mtu 1400"], "del": [] }`.

import { Result } from 'bulkhead-sdk/abi/values';
import { Configuration } from 'bulkhead-sdk/configuration';
import { fail, orFail, orPassOn } from 'bulkhead-sdk/failure';
import { toMtu } from 'bulkhead-sdk/link-changes';
import { lookUpLink } from 'bulkhead-sdk/links';
import * as log from 'bulkhead-sdk/log';
import { OutcomeBuilder } from 'bulkhead-sdk/outcome';
import { Call, Plugin } from 'bulkhead-sdk/plugin';
import { Prefix } from 'bulkhead-sdk/prefix';
import { openSandbox } from 'bulkhead-sdk/sandbox';
import { Address, Failure, Outcome } from 'wit/cni/types';
import * as delegate from 'wit/ipam/delegate';
import { change } from 'wit/net/link-control';
import { waitUntilUp } from 'wit/net/links';

const outcome = new OutcomeBuilder();

class Outer extends Plugin {
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
  const steps = config.object('outer').texts(verb);
  for (let i = 0; i < steps.length; i++) {
    const words = steps[i].split(' ');
    // A delegate's failure is passed on, or only told, and the plugin goes on.
    if (words[0] == 'try') step(words[1], words.length > 2 ? words[2] : '', false);
    else step(words[0], words.length > 1 ? words[1] : '', true);
  }
}

function step(what: string, word: string, passesOn: bool): void {
  if (what == 'delegate.add') {
    const assigned = delegate.add();
    if (assigned.failed) return answer(assigned, passesOn);
    for (let i = 0; i < assigned.value.addresses.length; i++)
      log.info('given ' + Prefix.from(assigned.value.addresses[i].prefix).toString());
  } else if (what == 'delegate.del') answer(delegate.del(), passesOn);
  else if (what == 'delegate.check') answer(delegate.check(), passesOn);
  else if (what == 'delegate.status') answer(delegate.status(), passesOn);
  else if (what == 'mtu')
    orFail(change(openSandbox(), lookUpLink(openSandbox(), 'eth0').index, toMtu(<u32>parseInt(word))), 'mtu');
  else if (what == 'wait')
    orFail(waitUntilUp(openSandbox(), lookUpLink(openSandbox(), 'eth0').index, <u32>parseInt(word)), 'wait');
  else if (what == 'claim') {
    const address = new Address();
    address.prefix = Prefix.parse(word)!.toWit();
    outcome.addUnplacedAddress(address);
  } else if (what == 'say') log.info(word);
  else if (what == 'fail') fail(word);
  else unreachable();
}

function answer<T>(result: Result<T, Failure>, passesOn: bool): void {
  if (passesOn) orPassOn(result);
  else if (result.failed) log.info('failed ' + result.error.code.toString() + ': ' + result.error.message);
}

export function plugin(): Plugin {
  return new Outer();
}
