import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasReference, OurSide, ReferenceSide, type Side } from './side.ts';
import { masked, stateOf } from './state.ts';

interface Network {
  readonly keys: object;
  readonly ranges?: readonly string[];
  /** The VLANs that the container's port is to be in. */
  readonly vlans: readonly string[];
  /** Whether the reference of 2022 (1.1), which Debian has, knows all of it. It leaves ports in the bridge's default VLAN. */
  readonly known?: true;
}

const v4 = ['10.1.0.0/24'];
const dual = ['10.1.0.0/24', 'fd00:1::/64'];
const own = ['100 PVID Egress Untagged'];

const networks: Readonly<Record<string, Network>> = {
  'in a VLAN': { keys: { vlan: 100 }, vlans: own },
  'in a VLAN and the default one': {
    keys: { vlan: 100, preserveDefaultVlan: true },
    vlans: ['1 Egress Untagged', ...own],
    known: true,
  },
  'with a trunk': {
    keys: { vlanTrunk: [{ minID: 200, maxID: 203 }, { id: 300 }, { id: 302, minID: 303, maxID: 304 }] },
    vlans: ['1 PVID Egress Untagged', '200-203', '300', '302-304'],
  },
  'with a trunk that names the default VLAN': {
    keys: { vlanTrunk: [{ minID: 1, maxID: 64 }] },
    vlans: ['1 PVID Egress Untagged', '2-64'],
  },
  'with a trunk of nothing': { keys: { vlanTrunk: [] }, vlans: ['1 PVID Egress Untagged'] },
  'in a VLAN that is in the trunk too, and the default one': {
    keys: { vlan: 100, vlanTrunk: [{ minID: 100, maxID: 101 }], preserveDefaultVlan: true },
    vlans: ['1 Egress Untagged', '100-101'],
  },
  'in the default VLAN': { keys: { vlan: 1 }, ranges: v4, vlans: ['1 PVID Egress Untagged'], known: true },
  'with a default gateway of both families in its VLAN': {
    keys: { vlan: 100, isDefaultGateway: true, preserveDefaultVlan: true },
    ranges: dual,
    vlans: ['1 Egress Untagged', ...own],
    known: true,
  },
  'with a gateway, a trunk, and settings of its port and bridge': {
    keys: { vlan: 4094, vlanTrunk: [{ id: 7 }], isGateway: true, hairpinMode: true, portIsolation: true, mtu: 1400 },
    ranges: v4,
    vlans: ['7', '4094 PVID Egress Untagged'],
  },
};

let ours: OurSide;
let theirs: ReferenceSide;
/** Whether the reference knows all keys. */
let isModern: boolean;
beforeAll(async () => {
  ours = await OurSide.open();
  theirs = new ReferenceSide();
  isModern = hasReference && theirs.versions().includes('1.1.0');
});
afterEach(() => {
  for (const side of [ours, theirs]) side.clean();
});

describe('a bridge network that separates VLANs,', () => {
  test.each(Object.entries(networks))('%s, is as the reference makes it, and goes', (_, network) => {
    const mine = live(ours, network, ['ADD', 'CHECK', 'DEL']);
    expect(mine.vlans).toEqual(network.vlans);
    expect(mine.statuses).toEqual([0, 0, 0]);
    if (!hasReference || (!isModern && network.known === undefined)) return;
    const other = live(theirs, network, ['ADD', 'DEL']);
    expect(mine.attached).toEqual(other.attached);
    expect(mine.left).toEqual(other.left);
    // Of the VLAN's gateway the old one says nothing.
    if (isModern) expect(mine.result).toEqual(other.result);
  });

  test.skipIf(!hasReference)(
    'has its port as with the reference on a bridge that was there and separates nothing',
    () => {
      const network: Network = { keys: { vlan: 100, preserveDefaultVlan: true }, vlans: [], known: true };
      const lives = [ours, theirs].map((side) => {
        side.sh('ip link add cni0 type bridge vlan_filtering 0 mcast_snooping 0');
        return live(side, network, ['ADD', 'DEL']);
      });
      expect(lives[0]?.attached).toEqual(lives[1]?.attached);
      expect(lives[0]?.left).toEqual(lives[1]?.left);
    },
  );
});

/** One attachment: its calls, what it was like after the first, and what is left after the last. */
function live(side: Side, { keys, ranges }: Network, verbs: readonly string[]) {
  const network = side.network(keys, ranges);
  const [first = '', ...others] = verbs;
  const { status, json } = side.call(first, 0, network);
  const host = stateOf(side.host);
  const attached = masked([host, stateOf(side.containers[0])]);
  const statuses = [status, ...others.map((verb) => side.call(verb, 0, { ...network, prevResult: json }).status)];
  const { dns: _, ...result } = json;
  const vlans = host.vlans[json.interfaces?.[1]?.name];
  return { statuses, vlans, attached, left: masked(stateOf(side.host)), result: masked(result) };
}
