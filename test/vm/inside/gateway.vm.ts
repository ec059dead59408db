import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasReference, OurSide, ReferenceSide, run, type Side } from './side.ts';
import { masked, stateOf } from './state.ts';

const ranges = ['10.1.0.0/24', 'fd00:1::/64'];
const keys = { vlan: 100, isDefaultGateway: true, preserveDefaultVlan: true };
const fixed = (...addresses: readonly object[]) => ({ ipam: { type: 'static', addresses } });

let ours: OurSide;
let theirs: ReferenceSide;
beforeAll(async () => {
  ours = await OurSide.open();
  theirs = new ReferenceSide();
});
afterEach(() => {
  for (const side of [ours, theirs]) side.clean();
});

const hostOf = (side: Side) => masked(stateOf(side.host));
const linksOf = (side: Side) => stateOf(side.host).links.map(({ ifname }) => ifname);

describe('the gateway in a VLAN', () => {
  test.skipIf(!hasReference)('is one for all containers, and stays when they go, as with the reference', () => {
    const lives = [ours, theirs].map((side) => {
      const network = side.network(keys, ranges);
      return (['ADD 0', 'ADD 1', 'DEL 0', 'DEL 1'] as const).map((step) => {
        const [verb = '', container] = step.split(' ');
        expect(side.call(verb, container === '0' ? 0 : 1, network).status).toBe(0);
        return { step, host: hostOf(side) };
      });
    });
    expect(lives[0]).toEqual(lives[1]);
    expect(linksOf(ours)).toContain('cni0.100');
  });

  test('is reached by containers of the VLAN, as they are by each other, and as those of another VLAN are not', () => {
    const [one, two] = ours.containers;
    const reaches = ([from, to]: readonly [typeof one, string]) => {
      // Nobody listens: who is there refuses. Without --norc bash would take the socket that is its input for a remote shell's.
      const said = run(from, `timeout 2 bash --norc -c ': > /dev/tcp/${to}/9' 2>&1; true`);
      return said.includes('refused');
    };
    const first = ours.network({ ...keys, ...fixed({ address: '10.1.0.5/24' }) });
    const second = (vlan: number) => ours.network({ vlan, ...fixed({ address: '10.1.0.6/24' }) });
    expect(ours.call('ADD', 0, first).status).toBe(0);
    expect(ours.call('ADD', 1, second(200)).status).toBe(0);
    expect(
      (
        [
          [one, '10.1.0.1'],
          [two, '10.1.0.5'],
          [two, '10.1.0.1'],
        ] as const
      ).map(reaches),
    ).toEqual([true, false, false]);
    expect(ours.call('DEL', 1, second(200)).status).toBe(0);
    expect(ours.call('ADD', 1, second(100)).status).toBe(0);
    expect(
      (
        [
          [two, '10.1.0.5'],
          [one, '10.1.0.6'],
          [two, '10.1.0.1'],
        ] as const
      ).map(reaches),
    ).toEqual([true, true, true]);
  });

  test('goes with a failed ADD that made it, and stays after one that did not', () => {
    const conflict = [
      { address: '10.1.0.5/24', gateway: '10.1.0.1' },
      { address: '10.2.0.5/24', gateway: '10.2.0.1' },
    ];
    const failing = ours.network({ ...keys, ...fixed(...conflict) });
    const refused = { status: 1, json: { msg: expect.stringContaining('"cni0.100" already has an IP address') } };
    const before = hostOf(ours);
    expect(ours.call('ADD', 0, failing)).toMatchObject(refused);
    expect(hostOf(ours)).toEqual(before);
    expect(ours.call('ADD', 0, ours.network(keys, ranges)).status).toBe(0);
    const attached = hostOf(ours);
    expect(ours.call('ADD', 1, failing)).toMatchObject(refused);
    expect(hostOf(ours)).toEqual(attached);
  });

  test('stays after GC, which takes the VLAN’s ports of containers that are gone', () => {
    const network = { ...ours.network(keys, ranges), cniVersion: '1.1.0' };
    const kept = ours.call('ADD', 0, network);
    const attached = hostOf(ours);
    expect(ours.call('ADD', 1, network).status).toBe(0);
    const valid = { 'cni.dev/valid-attachments': [{ containerID: 'c0', ifname: 'eth0' }] };
    expect(ours.collect({ ...network, ...valid })).toEqual({ status: 0 });
    expect(hostOf(ours)).toEqual(attached);
    expect(ours.call('CHECK', 0, { ...network, prevResult: kept.json })).toEqual({ status: 0 });
  });
});

test.skipIf(!hasReference).each(['ours', 'theirs'])(
  'an attachment to a VLAN with a gateway made by %s is found right and taken away by the other',
  (maker) => {
    const beside = new ReferenceSide(ours);
    const [first, second] = maker === 'ours' ? [ours, beside] : [beside, ours];
    const network = ours.network(keys, ranges);
    const { json: prevResult } = first.call('ADD', 0, network);
    expect(second.call('CHECK', 0, { ...network, prevResult }).status).toBe(0);
    expect(second.call('DEL', 0, { ...network, prevResult })).toMatchObject({ status: 0 });
    expect(linksOf(ours).filter((name) => !/^veth/.test(String(name)))).toEqual(['lo', 'cni0', 'cni0.100']);
    expect(first.call('DEL', 0, network).status).toBe(0);
  },
);
