import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OurSide } from './side.ts';

let side: OurSide;
beforeAll(async () => {
  side = await OurSide.open();
});

/** What is done to the port, by somebody else, and the words of the CHECK after it; and what puts it right again. */
type Tampering = readonly [done: string, words: RegExp, undone: string];

const networks: readonly (readonly [string, object, readonly Tampering[]])[] = [
  [
    'in a VLAN and with a trunk',
    { vlan: 100, vlanTrunk: [{ minID: 200, maxID: 203 }] },
    [
      ['del dev PORT vid 100', /is not in VLAN 100/, 'add dev PORT vid 100 pvid untagged'],
      ['add dev PORT vid 100', /VLAN 100/, 'add dev PORT vid 100 pvid untagged'],
      ['add dev PORT vid 100 untagged', /VLAN 100/, 'add dev PORT vid 100 pvid untagged'],
      ['add dev PORT vid 100 pvid', /VLAN 100/, 'add dev PORT vid 100 pvid untagged'],
      ['del dev PORT vid 202', /is not in VLAN 202/, 'add dev PORT vid 202'],
      ['add dev PORT vid 203 untagged', /VLAN 203/, 'add dev PORT vid 203'],
      ['add dev PORT vid 666', /VLAN 666, and should be outside/, 'del dev PORT vid 666'],
      ['add dev PORT vid 1 untagged', /VLAN 1, and should be outside/, 'del dev PORT vid 1'],
      ['add dev PORT vid 204-4094', /VLAN 204, and should be outside/, 'del dev PORT vid 204-4094'],
    ],
  ],
  [
    'in a VLAN and the default one',
    { vlan: 100, preserveDefaultVlan: true },
    [
      ['add dev PORT vid 666', /VLAN 666, and should be outside/, 'del dev PORT vid 666'],
      ['add dev PORT vid 666 untagged', /and should be outside/, 'del dev PORT vid 666'],
      ['add dev PORT vid 1 pvid untagged', /VLAN 1/, 'add dev PORT vid 100 pvid untagged'],
    ],
  ],
  [
    'with a trunk alone',
    { vlanTrunk: [{ id: 300 }] },
    [
      ['del dev PORT vid 1', /is not in VLAN 1/, 'add dev PORT vid 1 pvid untagged'],
      [
        'add dev PORT vid 300 pvid untagged',
        /VLAN 1|VLAN 300/,
        'add dev PORT vid 300; V add dev PORT vid 1 pvid untagged',
      ],
    ],
  ],
];

describe.each(networks)('CHECK of a network %s finds, of its port’s VLANs,', (_, keys, tamperings) => {
  let port = '';
  const vlan = (command: string) =>
    side.sh(`bridge vlan ${command}`.replaceAll('V ', 'bridge vlan ').replaceAll('PORT', port));
  let checked: () => ReturnType<OurSide['call']>;
  beforeAll(() => {
    const network = side.network(keys);
    const { json } = side.call('ADD', 0, network);
    port = json.interfaces[1].name;
    checked = () => side.call('CHECK', 0, { ...network, prevResult: json });
  });
  afterAll(() => side.clean());

  test.each(tamperings)('what is changed by `bridge vlan %s`', (done, words, undone) => {
    vlan(done);
    expect(checked()).toMatchObject({ status: 1, json: { msg: expect.stringMatching(words) } });
    vlan(undone);
    expect(checked()).toEqual({ status: 0 });
  });
});
