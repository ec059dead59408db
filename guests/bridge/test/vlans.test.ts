import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { VlanRange } from '../../../host/kernel/kernel.ts';
import { Bench, buildComponents } from './bench.ts';

let components: readonly Uint8Array[];
let bench: Bench;
beforeAll(async () => {
  components = await buildComponents();
}, 60_000);
beforeEach(async () => {
  bench = await Bench.open(components);
});
afterEach(() => bench[Symbol.dispose]());

const range = (first: number, last: number, pvid: boolean, untagged: boolean): VlanRange => ({
  ...{ first, last, pvid, untagged },
});
const own = (id: number) => range(id, id, true, true);
const tagged = (first: number, last = first) => range(first, last, false, false);
/** How a port is in the default VLAN when it has one of its own. */
const leaving = (id: number) => range(id, id, false, true);

/** An ADD, the index of its port, and a CHECK of it. */
function attach(config: object) {
  const { exitCode, json: prevResult } = bench.call('ADD', 'a', config);
  expect(exitCode).toBe(0);
  const port = bench.host.linkByName(prevResult.interfaces[1].name)?.index ?? expect.fail('no port');
  return { port, check: () => bench.call('CHECK', 'a', { ...config, prevResult }) };
}

const both = { vlan: 100, vlanTrunk: [{ minID: 200, maxID: 203 }] };
const kept = { vlan: 100, preserveDefaultVlan: true };

describe('the port', () => {
  test.each<[object, VlanRange[]]>([
    [{}, [own(1)]],
    [{ vlan: 100 }, [own(100)]],
    [kept, [leaving(1), own(100)]],
    [both, [own(100), tagged(200, 203)]],
    [{ vlanTrunk: [{ id: 300 }, { minID: 301, maxID: 302 }] }, [own(1), tagged(300, 302)]],
    [{ vlanTrunk: [] }, [own(1)]],
    [{ vlan: 100, vlanTrunk: [{ minID: 100, maxID: 101 }] }, [tagged(100, 101)]],
  ])('of a network with %j is in these VLANs', (config, vlans) => {
    const { port, check } = attach(config);
    expect(bench.host.bridgePort(port)?.vlans).toEqual(vlans);
    expect(check()).toMatchObject({ exitCode: 0 });
  });
});

describe('CHECK', () => {
  test.each<[object, VlanRange, string]>([
    [both, range(100, 100, true, false), 'untagged on the way in only in VLAN 100, and should be untagged'],
    [both, leaving(100), 'untagged on the way out only in VLAN 100, and should be untagged'],
    [both, tagged(100), 'tagged in VLAN 100, and should be untagged'],
    [both, leaving(203), 'untagged on the way out only in VLAN 203, and should be tagged'],
    [both, tagged(1), 'tagged in VLAN 1, and should be outside'],
    [both, leaving(1), 'untagged on the way out only in VLAN 1, and should be outside'],
    [kept, tagged(666), 'tagged in VLAN 666, and should be outside'],
    [kept, leaving(666), 'untagged on the way out only in VLAN 666, and should be outside'],
    [kept, own(1), 'untagged in VLAN 1, and should be outside'],
  ])('of a network with %j finds that the port was put in %j', (config, added, words) => {
    const { port, check } = attach(config);
    bench.host.addPortVlans(port, [added]);
    expect(check()).toMatchObject({ exitCode: 1, json: { msg: expect.stringContaining(words) } });
  });

  test.each([100, 202])('finds that the port was taken out of VLAN %i', (id) => {
    const { port, check } = attach(both);
    bench.host.removePortVlans(port, [tagged(id)]);
    expect(check()).toMatchObject({ exitCode: 1, json: { msg: expect.stringContaining(`not in VLAN ${id}`) } });
  });
});
