import { Configuration } from 'bulkhead-sdk/configuration';
import { ensure, fail, orFail } from 'bulkhead-sdk/failure';
import { addVlans, read, removeVlans, VlanRange } from 'wit/net/bridge-ports';
import { Link } from 'wit/net/links';
import { Netns } from 'wit/net/namespaces';
import { Port } from './port';

const highest: i64 = 4094;

/** Which VLANs a container's port is in. */
export class Vlans {
  /** The container's own: its frames are untagged. 0 where it has none. */
  readonly own: u16;
  /** Frames of these are tagged: each id once, in order. */
  readonly trunk: u16[];
  /** Whether the network has a trunk, though maybe an empty one: the bridge separates VLANs then. */
  readonly hasTrunk: bool;
  /** Whether the port stays in the VLAN that a bridge puts it in by itself. */
  readonly keepsDefault: bool;

  constructor(config: Configuration) {
    const own = config.integer('vlan');
    ensure(own >= 0 && own <= highest, `invalid VLAN ID ${own} (must be between 0 and 4094)`);
    this.own = <u16>own;
    this.hasTrunk = config.has('vlanTrunk');
    this.trunk = readTrunk(config.list('vlanTrunk'));
    this.keepsDefault = config.flag('preserveDefaultVlan');
  }

  /** Whether the bridge has to tell VLANs from each other. */
  get wanted(): bool {
    return this.own !== 0 || this.hasTrunk;
  }

  /** As the port is to have them; none where its bridge does as it likes. */
  get memberships(): VlanRange[] {
    const found: VlanRange[] = [];
    if (this.own !== 0) found.push(untagged(this.own));
    const tagged = ranges(this.trunk);
    for (let i = 0; i < tagged.length; i++) found.push(tagged[i]);
    // A trunk by itself takes untagged frames into VLAN 1, as it always did.
    if (this.own === 0 && tagged.length > 0) found.push(untagged(1));
    return found;
  }
}

/** Puts a port into these VLANs, and out of all others. */
export function joinVlans(host: Netns, port: Port, vlans: Vlans): void {
  const memberships = vlans.memberships;
  if (memberships.length === 0) return;
  if (!vlans.keepsDefault) {
    const attempt = `failed to remove default vlan on interface "${port.name}"`;
    const found = orFail(read(host, port.index), attempt);
    if (found !== null) orFail(removeVlans(host, port.index, found.vlans), attempt);
  }
  for (let i = 0; i < memberships.length; i++) {
    orFail(addVlans(host, port.index, [memberships[i]]), `failed to setup vlan tag on interface "${port.name}"`);
  }
}

/** Fails where a port is not in the VLANs that it should be in, or in one that it should not be in. */
export function checkVlans(host: Netns, port: Link, vlans: Vlans): void {
  const wanted = vlans.memberships;
  if (wanted.length === 0) return;
  const found = orFail(read(host, port.index), `failed to look up VLANs of interface "${port.name}"`);
  const actual = found === null ? new Array<VlanRange>() : found.vlans;
  let hasDefault = false;
  for (let id: u16 = 1; id <= <u16>highest; id++) {
    const should = describe(wanted, id);
    const does = describe(actual, id);
    if (should === does) continue;
    if (should === '' && does === leaving && vlans.keepsDefault && !hasDefault) {
      hasDefault = true;
      continue;
    }
    fail(
      `Interface ${port.name} is ${does === '' ? 'not' : does} in VLAN ${id}, and should be ${should === '' ? 'outside' : should}`,
    );
  }
}

/** As a port is in the bridge's default VLAN when it has another one for frames that come untagged. */
const leaving: string = 'untagged on the way out only';

/** How a VLAN is had: the last that names it counts. */
function describe(all: VlanRange[], id: u16): string {
  for (let i = all.length - 1; i >= 0; i--) {
    if (all[i].first > id || id > all[i].last) continue;
    if (all[i].pvid) return all[i].untagged ? 'untagged' : 'untagged on the way in only';
    return all[i].untagged ? leaving : 'tagged';
  }
  return '';
}

function readTrunk(items: Configuration[]): u16[] {
  const isIn = new StaticArray<bool>(<i32>highest + 1);
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    const hasLeast = item.has('minID');
    const hasMost = item.has('maxID');
    if (hasLeast && hasMost) {
      const least = idOf(item, 'minID', 'incorrect trunk minID parameter');
      const most = idOf(item, 'maxID', 'incorrect trunk maxID parameter');
      ensure(least <= most, 'minID is greater than maxID in trunk parameter');
      for (let id = least; id <= most; id++) isIn[id] = true;
    } else if (hasLeast || hasMost) {
      const missing = hasLeast ? 'maxID' : 'minID';
      fail(`minID and maxID should be configured simultaneously, ${missing} is missing`);
    }
    if (item.has('id')) isIn[idOf(item, 'id', 'incorrect trunk id parameter')] = true;
  }
  const found: u16[] = [];
  for (let id = 1; id < isIn.length; id++) if (isIn[id]) found.push(<u16>id);
  return found;
}

function idOf(item: Configuration, key: string, refusal: string): i32 {
  const id = item.integer(key);
  ensure(id > 0 && id <= highest, refusal);
  return <i32>id;
}

/** Ids that follow one another, together. */
function ranges(ids: u16[]): VlanRange[] {
  const found: VlanRange[] = [];
  for (let i = 0; i < ids.length; i++) {
    const last = found.length - 1;
    if (last >= 0 && found[last].last + 1 === ids[i]) {
      found[last].last = ids[i];
      continue;
    }
    const range = new VlanRange();
    range.first = ids[i];
    range.last = ids[i];
    found.push(range);
  }
  return found;
}

function untagged(id: u16): VlanRange {
  const range = new VlanRange();
  range.first = id;
  range.last = id;
  range.pvid = true;
  range.untagged = true;
  return range;
}
