// How the plugin ends: with the truth, with lies, with errors, or with what no proper plugin can do, straight at the host's imports.

import { Some } from 'bulkhead-sdk/abi/values';
import { below, next, once, oneOf } from 'guest/dice';
import {
  rawAddresses,
  rawAddVlans,
  rawAll,
  rawByName,
  rawChange,
  rawCreate,
  rawDelegate,
  rawDrop,
  rawIsReady,
  rawLog,
  rawPath,
} from 'guest/raw';
import { door, given } from 'guest/steps';
import { maybeIp, maybeName, maybeNumber, maybeByte, name, number, prefix, sandboxPath, text } from 'guest/words';
import { fail } from 'wit/cni/exit';
import { Address, Dns, Failure, InterfaceInfo, Outcome, OutcomeRoute } from 'wit/cni/types';
import * as addresses from 'wit/net/addresses';
import * as links from 'wit/net/links';
import { Netns } from 'wit/net/namespaces';
import * as sandbox from 'wit/net/sandbox';

/** What is in the sandbox. */
export function truth(path: string): Outcome {
  const outcome = new Outcome();
  const own = sandbox.open();
  if (own === null) return outcome;
  const all = links.all(own);
  if (all.failed) return outcome;
  const found = addresses.all(own, null);
  for (let i = 0; i < all.value.length; i++) {
    const link = all.value[i];
    if (!link.name.startsWith('eth')) continue;
    const info = new InterfaceInfo();
    info.name = link.name;
    info.sandbox = path;
    const position = <u32>outcome.interfaces.push(info) - 1;
    for (let j = 0; !found.failed && j < found.value.length; j++) {
      if (found.value[j].index != link.index) continue;
      const address = new Address();
      address.prefix = found.value[j].prefix;
      address.position = new Some<u32>(position);
      outcome.addresses.push(address);
    }
  }
  for (let i = 0; i < given.length; i++) {
    given[i].position = null;
    outcome.addresses.push(given[i]);
  }
  return outcome;
}

/** Somebody else's, or nobody's. */
export function lies(path: string): Outcome {
  const outcome = once(2) ? truth(path) : new Outcome();
  const interfaces: u32 = once(40) ? 2000 : below(4);
  for (let i: u32 = 0; i < interfaces; i++) {
    const info = new InterfaceInfo();
    info.name = name();
    info.sandbox = once(3) ? path : once(2) ? '' : sandboxPath();
    info.mac = once(2) ? null : text();
    info.mtu = maybeNumber();
    info.socketPath = once(3) ? text() : null;
    info.pciId = once(3) ? text() : null;
    outcome.interfaces.push(info);
  }
  const count: u32 = once(40) ? 2000 : below(4);
  for (let i: u32 = 0; i < count; i++) {
    const address = new Address();
    address.prefix = prefix();
    address.gateway = maybeIp();
    address.position = once(2) ? null : new Some<u32>(once(2) ? below(3) : number());
    outcome.addresses.push(address);
  }
  const routes: u32 = below(3);
  for (let i: u32 = 0; i < routes; i++) {
    const route = new OutcomeRoute();
    route.destination = prefix();
    route.gateway = maybeIp();
    route.mtu = maybeNumber();
    route.advertisedMss = maybeNumber();
    route.priority = maybeNumber();
    route.table = maybeNumber();
    route.scope = maybeByte();
    outcome.routes.push(route);
  }
  if (once(3)) {
    const dns = new Dns();
    dns.nameservers.push(text());
    dns.domain = maybeName();
    dns.search.push(text());
    dns.options.push(text());
    outcome.dns = dns;
  }
  return outcome;
}

export function leave(): void {
  const failure = new Failure();
  failure.code = once(2) ? below(60) : number();
  failure.message = text();
  failure.details = text();
  fail(failure);
}

/** Handles: 30 bits are a number, and there are more than those. */
function handle(): i32 {
  const forged: i32[] = [0, 3, 4, 5, 1000, -1, 0x40000001, 0x40000002, <i32>0x80000001, <i32>0x80000002, 0x7fffffff];
  return once(3) ? <i32>next() : oneOf(forged);
}

/** Outside of memory, at its end, or anywhere. */
function place(): i32 {
  switch (below(6)) {
    case 0:
      return 0;
    case 1:
      return -1;
    case 2:
      return <i32>(((<u32>memory.size()) << 16) - below(64));
    case 3:
      return <i32>((<u32>memory.size()) << 16);
    case 4:
      return <i32>next();
    default:
      return <i32>heap.alloc(256);
  }
}

/** What would be a record, a variant or a list, full of anything. */
function rubble(): i32 {
  const at = heap.alloc(256);
  for (let i: usize = 0; i < 256; i += 4) store<u32>(at + i, once(2) ? 0 : once(2) ? below(8) : number());
  return <i32>at;
}

function good(): i32 {
  return door().handle;
}

/** A handle that it does not have. */
function outrageByHandle(): void {
  const result = <i32>heap.alloc(256);
  switch (below(8)) {
    case 0:
      rawByName(handle(), place(), 4, result);
      break;
    case 1:
      rawAll(handle(), result);
      break;
    case 2:
      rawPath(handle(), once(2) ? result : place());
      break;
    case 3:
      rawDrop(handle());
      break;
    case 4:
      new Netns(handle()).drop();
      break;
    default: {
      const mine = sandbox.open();
      if (mine === null) break;
      mine.drop();
      if (once(3)) mine.drop();
      else if (once(2)) mine.path();
      else links.all(mine);
    }
  }
}

/** Seldom comes back. */
export function outrage(): void {
  const result = <i32>heap.alloc(256);
  switch (below(18)) {
    case 0:
      outrageByHandle();
      break;
    case 1:
      rawByName(good(), place(), <i32>number(), result);
      break;
    case 2:
      rawByName(good(), <i32>changetype<usize>('eth0') + 1, 4, result);
      break;
    case 3:
      rawAll(good(), place());
      break;
    case 4:
      outrageByHandle();
      break;
    case 5: {
      // A plan in it may have a handle as well.
      const at = rubble();
      store<i32>(at, good());
      rawCreate(at, once(3) ? place() : result);
      break;
    }
    case 6: {
      const at = rubble();
      store<i32>(at, good());
      rawChange(at, once(3) ? place() : result);
      break;
    }
    case 7:
      rawCreate(place(), result);
      break;
    case 8:
      rawAddVlans(good(), <i32>number(), place(), <i32>number(), result);
      break;
    case 9:
      rawAddresses(good(), <i32>number(), <i32>number(), result);
      break;
    case 10:
      rawIsReady(once(2) ? place() : rubble(), <i32>number(), result);
      break;
    case 11:
      rawDelegate(place());
      break;
    case 12:
      rawLog(<i32>number(), place(), <i32>below(64));
      break;
    case 13:
      rawPath(good(), place());
      break;
    case 14:
      while (sandbox.open() !== null);
      break;
    case 15:
      addresses.add(door(), 1, prefix(), 0xffffffff);
      break;
    default:
      unreachable();
  }
}
