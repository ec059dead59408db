// A plugin that says and does what its configuration tells it to: "way" for ADD, "delWay" for DEL, "checkWay" for CHECK.

import { Some } from 'bulkhead-sdk/abi/values';
import { Configuration } from 'bulkhead-sdk/configuration';
import { fail, orFail } from 'bulkhead-sdk/failure';
import { toDown, toMtu } from 'bulkhead-sdk/link-changes';
import { lookUpLink } from 'bulkhead-sdk/links';
import * as log from 'bulkhead-sdk/log';
import { hostInterface, OutcomeBuilder, sandboxInterface } from 'bulkhead-sdk/outcome';
import { Call, Plugin } from 'bulkhead-sdk/plugin';
import { Prefix } from 'bulkhead-sdk/prefix';
import { openSandbox } from 'bulkhead-sdk/sandbox';
import { Address, Outcome } from 'wit/cni/types';
import { change, remove } from 'wit/net/link-control';
import { Netns } from 'wit/net/namespaces';
import { apply, NewAddress, Setup } from 'wit/net/link-setup';

/** Asked for before there is anything to answer. */
const atStart = openSandbox().path();

class Misbehaving extends Plugin {
  add(call: Call): Outcome {
    change(openSandbox(), lookUpLink(openSandbox(), 'eth0').index, toMtu(1400));
    misbehave(call.config.text('way'), call.config);
    return claim(call);
  }

  del(call: Call): void {
    misbehave(call.config.text('delWay'), call.config);
  }

  check(call: Call): void {
    misbehave(call.config.text('checkWay'), call.config);
  }
}

/** An outcome as the configuration has it. */
function claim(call: Call): Outcome {
  const outcome = new OutcomeBuilder();
  const interfaces = call.config.list('interfaces');
  for (let i = 0; i < interfaces.length; i++) {
    const info = interfaces[i].has('sandbox')
      ? sandboxInterface(interfaces[i].text('name'), interfaces[i].text('sandbox'))
      : hostInterface(interfaces[i].text('name'));
    info.mac = '02:00:00:00:00:01';
    info.mtu = new Some<u32>(9);
    outcome.addInterface(info);
  }
  const addresses = call.config.list('addresses');
  for (let i = 0; i < addresses.length; i++) {
    const address = new Address();
    address.prefix = Prefix.parse(addresses[i].text('prefix'))!.toWit();
    outcome.addAddress(address, <u32>addresses[i].integer('position'));
  }
  return outcome.build();
}

let turns: u64 = 0;

function misbehave(way: string, config: Configuration): void {
  const ns = openSandbox();
  if (way == 'fail') fail(config.text('message'), <u32>config.integer('code'));
  else if (way == 'log') log.warn(config.text('message'));
  else if (way == 'chatter') while (true) log.info('and another thing');
  else if (way == 'loop') while (true) turns++;
  else if (way == 'recurse') turns += recurse(1);
  else if (way == 'allocate') while (true) heap.alloc(1 << 20);
  else if (way == 'trap') unreachable();
  else if (way == 'hoard') while (true) openSandbox();
  else if (way == 'ask') while (true) lookUpLink(ns, 'eth0');
  else if (way == 'change') orFail(change(ns, lookUpLink(ns, 'eth0').index, toMtu(1300)), 'change');
  else if (way == 'down') orFail(change(ns, lookUpLink(ns, 'eth0').index, toDown()), 'down');
  else if (way == 'pile up') pileUp(ns);
  else if (way == 'tell the start') fail(atStart);
  else if (way == 'remove') orFail(remove(ns, lookUpLink(ns, 'eth0').index), 'remove');
}

/** Fifty addresses at once, five times. */
function pileUp(ns: Netns): void {
  for (let turn = 0; turn < 5; turn++) {
    const setup = new Setup();
    for (let i = 0; i < 50; i++) {
      const address = new NewAddress();
      address.prefix = Prefix.parse('10.' + turn.toString() + '.' + i.toString() + '.1/24')!.toWit();
      setup.addresses.push(address);
    }
    const applied = apply(ns, lookUpLink(ns, 'eth0').index, setup);
    if (applied.failed) fail(applied.error.fault.message);
  }
}

function recurse(depth: u64): u64 {
  return recurse(depth + 1) + depth;
}

export function plugin(): Plugin {
  return new Misbehaving();
}
