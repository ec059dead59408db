// Single host calls. Whatever one answers, the plugin goes on.

import { Some } from 'bulkhead-sdk/abi/values';
import { below, maybeFlag, once, oneOf } from 'guest/dice';
import {
  index,
  ip,
  key,
  learnIndex,
  mac,
  maybeByte,
  maybeIp,
  maybeMac,
  maybeName,
  maybeNumber,
  name,
  number,
  path,
  patience,
  prefix,
  text,
  value,
} from 'guest/words';
import { Level, write } from 'wit/cni/log';
import { Address } from 'wit/cni/types';
import * as delegate from 'wit/ipam/delegate';
import * as leases from 'wit/ipam/leases';
import * as resolver from 'wit/ipam/resolver';
import * as addresses from 'wit/net/addresses';
import * as ports from 'wit/net/bridge-ports';
import * as host from 'wit/net/host';
import * as control from 'wit/net/link-control';
import * as setup from 'wit/net/link-setup';
import * as links from 'wit/net/links';
import { Netns } from 'wit/net/namespaces';
import * as routes from 'wit/net/routes';
import * as sandbox from 'wit/net/sandbox';
import * as sysctls from 'wit/net/sysctls';

/** Whether it keeps from what cannot be taken back exactly, on links that it did not make. */
let gentle = false;
/** Links that it made, by door. */
const mine: u64[] = [];
let sandboxDoor: Netns | null = null;
let hostDoor: Netns | null = null;
/** What delegates gave. */
export let given: Address[] = [];

export function begin(isGentle: bool): void {
  gentle = isGentle;
  sandboxDoor = sandbox.open();
  hostDoor = host.open();
}

/** One of the doors, most often its own. */
export function door(): Netns {
  const own = sandboxDoor;
  if (own !== null && !once(3)) return own;
  return hostDoor!;
}

function link(): control.NewLink {
  const link = new control.NewLink();
  link.name = name();
  link.plan = plan();
  link.mtu = maybeNumber(4 - below(3));
  link.mac = maybeMac();
  link.transmitQueueLength = once(4) ? maybeNumber() : null;
  return link;
}

function plan(): control.LinkPlan {
  switch (below(12)) {
    case 0: {
      const options = new control.BridgeOptions();
      options.vlanFiltering = maybeFlag();
      return control.LinkPlan.bridge(options);
    }
    case 1:
      return control.LinkPlan.ifb();
    case 2:
      return control.LinkPlan.vrf(number());
    case 3: {
      const options = new control.VlanOptions();
      options.parent.namespace_ = door();
      options.parent.index = index();
      options.id = <u16>number();
      return control.LinkPlan.vlan(options);
    }
    case 4: {
      const options = new control.MacvlanOptions();
      options.parent.namespace_ = door();
      options.parent.index = index();
      options.mode = oneOf<control.MacvlanMode>([control.MacvlanMode.Bridge, control.MacvlanMode.Passthru]);
      return control.LinkPlan.macvlan(options);
    }
    case 5:
    case 6:
    case 7:
      return control.LinkPlan.dummy();
    default: {
      const options = new control.VethOptions();
      options.peerName = maybeName();
      options.peerNamespace = door();
      options.peerMtu = once(3) ? maybeNumber() : null;
      return control.LinkPlan.veth(options);
    }
  }
}

function isMine(ns: Netns, index: u32): bool {
  return mine.includes(((<u64>ns.handle) << 32) | index);
}

function own(ns: Netns, index: u32): void {
  learnIndex(index);
  mine.push(((<u64>ns.handle) << 32) | index);
}

/** A gentle plugin leaves the addresses and routes of others' links alone. */
function gentleChange(): control.LinkChange {
  const change = new control.LinkChange();
  if (once(3)) change.name = name();
  if (once(3)) change.promiscuous = maybeFlag(9);
  if (once(3)) change.allMulticast = maybeFlag(9);
  if (once(3)) change.transmitQueueLength = maybeNumber(9);
  if (once(3)) change.mac = mac();
  if (once(3)) change.alias = text();
  return change;
}

function change(): control.LinkChange {
  const change = new control.LinkChange();
  const only = below(12);
  if (only == 0 || once(20)) change.name = name();
  if (only <= 2 || once(20)) change.up = new Some<bool>(!once(3));
  if (only == 3 || once(20)) change.mtu = maybeNumber(9);
  if (only == 4 || once(20)) change.mac = mac();
  if (only == 5 || once(20)) change.promiscuous = maybeFlag(9);
  if (only == 6 || once(20)) change.allMulticast = maybeFlag(9);
  if (only == 7 || once(20)) change.transmitQueueLength = maybeNumber(9);
  if (only == 8 || once(20)) change.controller = new Some<u32>(once(3) ? 0 : index());
  if (only >= 9 || once(20)) change.alias = text();
  return change;
}

function route(): routes.Route {
  const route = new routes.Route();
  route.destination = prefix();
  route.gateway = maybeIp();
  route.index = once(5) ? null : new Some<u32>(index());
  route.source = once(4) ? ip() : null;
  route.priority = once(2) ? maybeNumber() : null;
  route.table = once(5) ? maybeNumber() : null;
  route.scope = once(4) ? maybeByte() : null;
  route.protocol = once(4) ? maybeByte() : null;
  route.mtu = once(6) ? new Some<u32>(number()) : null;
  route.advertisedMss = once(6) ? new Some<u32>(number()) : null;
  route.onLink = once(4);
  return route;
}

function vlans(): ports.VlanRange[] {
  const made: ports.VlanRange[] = [];
  const count: u32 = once(200) ? (<u32>1) << below(15) : below(4);
  for (let i: u32 = 0; i < count; i++) {
    const range = new ports.VlanRange();
    range.first = <u16>(once(3) ? number() : below(4097));
    range.last = once(3) ? <u16>number() : range.first;
    range.pvid = once(3);
    range.untagged = once(3);
    made.push(range);
  }
  return made;
}

function ranges(): leases.Range[] {
  const made: leases.Range[] = [];
  const count: u32 = once(200) ? (<u32>1) << below(11) : below(4);
  for (let i: u32 = 0; i < count; i++) {
    const range = new leases.Range();
    range.first = ip();
    range.last = once(2) ? range.first : ip();
    const excluded: u32 = once(100) ? (<u32>1) << below(9) : below(3);
    for (let j: u32 = 0; j < excluded; j++) range.excluded.push(ip());
    made.push(range);
  }
  return made;
}

function pool(): u32 {
  return once(4) ? number() : below(3);
}

function look(): void {
  switch (below(12)) {
    case 0:
    case 1: {
      const all = links.all(door());
      if (!all.failed) for (let i = 0; i < all.value.length; i++) learnIndex(all.value[i].index);
      break;
    }
    case 2:
    case 3:
    case 4: {
      const one = links.byName(door(), name());
      if (!one.failed && one.value !== null) learnIndex(one.value!.index);
      break;
    }
    case 5:
      links.byIndex(door(), index());
      break;
    case 6:
      links.waitUntilUp(door(), index(), patience());
      break;
    case 7:
      addresses.all(door(), once(2) ? null : new Some<u32>(index()));
      break;
    case 8:
      addresses.waitUntilUsable(door(), index(), patience());
      break;
    case 9:
      routes.all(door(), once(2) ? null : new Some<u32>(index()), once(2) ? null : maybeNumber());
      break;
    case 10:
      ports.read(door(), index());
      break;
    default:
      door().path();
  }
}

function lease(): void {
  switch (below(6)) {
    case 0:
    case 1:
      leases.reserve(pool(), ip());
      break;
    case 2:
      leases.reserveNext(pool(), ranges());
      break;
    case 3:
      leases.isReady(ranges());
      break;
    case 4:
      leases.release();
      break;
    default:
      leases.held();
  }
}

function delegated(): void {
  switch (below(5)) {
    case 0:
    case 1: {
      const assigned = delegate.add();
      if (!assigned.failed) given = assigned.value.addresses;
      break;
    }
    case 2:
      delegate.del();
      break;
    case 3:
      delegate.check();
      break;
    default:
      delegate.status();
  }
}

/** Doors opened again, and given back. */
function doors(): void {
  const again: Netns | null = once(2) ? host.open() : sandbox.open();
  if (again !== null && !once(30)) again.drop();
}

/** A gentle plugin does not turn IPv6 off, with which addresses go. */
function writeSetting(): void {
  const setting = key();
  const wanted = value();
  const ns = door();
  if (!gentle || !setting.endsWith('disable_ipv6')) sysctls.write(ns, setting, wanted);
}

/** Parts of all kinds, most often for a link of its own. */
function setUp(): void {
  const ns = door();
  const one = index();
  const wanted = new setup.Setup();
  const settings: u32 = once(200) ? 2000 : below(3);
  for (let i: u32 = 0; i < settings; i++) {
    const setting = new setup.Setting();
    setting.key = key();
    setting.value = value();
    setting.optional = once(2);
    if (!gentle || !setting.key.endsWith('disable_ipv6')) wanted.settings.push(setting);
  }
  for (let i: u32 = below(4); i > 0; i--) {
    const address = new setup.NewAddress();
    address.prefix = prefix();
    address.flags = below(4);
    wanted.addresses.push(address);
  }
  if (once(2)) wanted.change = gentle && !isMine(ns, one) ? gentleChange() : change();
  for (let i: u32 = below(4); i > 0; i--) wanted.routes.push(route());
  setup.apply(ns, one, wanted);
}

export function step(): void {
  const kind = below(100);
  if (kind < 20) look();
  else if (kind < 32) {
    const ns = door();
    const wanted = link();
    const made = control.create(ns, wanted);
    if (!made.failed) {
      own(ns, made.value.link.index);
      const details = made.value.link.details;
      if (details.tag == links.LinkDetailsTag.Veth) own(wanted.plan.veth.peerNamespace, details.veth.peerIndex);
    }
  } else if (kind < 47) {
    const ns = door();
    const one = index();
    const what = gentle && !isMine(ns, one) ? gentleChange() : change();
    control.change(ns, one, what);
  } else if (kind < 51) {
    const ns = door();
    const one = index();
    const isOwn = isMine(ns, one);
    const to = gentle && !isOwn ? ns : door();
    const moved = control.move(ns, one, to, maybeName());
    if (!moved.failed) {
      learnIndex(moved.value.index);
      if (isOwn) own(to, moved.value.index);
    }
  } else if (kind < 54) control.remove(door(), index());
  else if (kind < 57) {
    const change = new ports.PortChange();
    change.hairpin = maybeFlag();
    change.isolated = maybeFlag();
    ports.change(door(), index(), change);
  } else if (kind < 60) {
    if (once(2)) ports.addVlans(door(), index(), vlans());
    else ports.removeVlans(door(), index(), vlans());
  } else if (kind < 65) addresses.add(door(), index(), prefix(), below(4));
  else if (kind < 68) setUp();
  else if (kind < 71) {
    if (!gentle) addresses.remove(door(), index(), prefix());
  } else if (kind < 75) routes.add(door(), route());
  else if (kind < 77) {
    if (!gentle) routes.replace(door(), route());
  } else if (kind < 79) {
    if (!gentle) routes.remove(door(), route());
  } else if (kind < 83) sysctls.read(door(), key());
  else if (kind < 90) writeSetting();
  else if (kind < 94) lease();
  else if (kind < 96) resolver.read(path());
  else if (kind < 98) doors();
  else if (kind == 98) {
    if (once(3)) delegated();
  } else write(<Level>below(4), text().substring(0, 50));
}
