import type { Configuration } from '../bench/call.ts';
import type { World } from '../bench/world.ts';
import type { Check, Rule } from '../check.ts';
import { describeEnd, expect, refused } from '../expect.ts';
import { rules } from '../rules.ts';
import { hostLocal, type Subject, subnet } from '../subjects.ts';
import { withoutEffect } from './effects.ts';

type Text = (configuration: Configuration) => string;

interface Case {
  readonly id: string;
  readonly title: string;
  readonly rule: Rule;
  readonly codes: readonly number[];
  readonly inputs: readonly Text[];
}

const plain =
  (text: string): Text =>
  () =>
    text;
const withFields =
  (fields: Configuration): Text =>
  (configuration) =>
    JSON.stringify({ ...configuration, ...fields });

const cases: readonly Case[] = [
  {
    id: 'empty',
    title: 'No configuration at all is refused as undecodable',
    rule: rules.undecodable,
    codes: [6],
    inputs: ['', ' \n'].map(plain),
  },
  {
    id: 'not-json',
    title: 'A configuration that is no JSON is refused as undecodable',
    rule: rules.undecodable,
    codes: [6],
    inputs: [
      ...['hello', '{cniVersion: "1.0.0"}'].map(plain),
      (one) => JSON.stringify(one).slice(0, -1),
      (one) => `${JSON.stringify(one)}x`,
    ],
  },
  {
    id: 'not-an-object',
    title: 'A configuration that is JSON, but no object, is refused',
    rule: rules.undecodable,
    codes: [6],
    inputs: ['[]', '"text"', '5', 'true'].map(plain),
  },
  {
    id: 'without-name',
    title: 'A configuration without a name is refused as invalid',
    rule: rules.invalidConfiguration,
    codes: [7],
    inputs: [withFields({ name: undefined }), withFields({ name: '' })],
  },
  {
    id: 'invalid-name',
    title: 'A network name that is none is refused as invalid',
    rule: rules.networkName,
    codes: [7],
    inputs: ['../x', 'a/b', '-a', '.a', 'a b', 'ä'].map((name) => withFields({ name })),
  },
  {
    id: 'unknown-version',
    title: 'A version that is not supported is refused as incompatible',
    rule: rules.incompatibleVersion,
    codes: [1],
    inputs: ['9.9.9', '0.5.0', '1.2.0', '0.0.1'].map((cniVersion) => withFields({ cniVersion })),
  },
  {
    id: 'malformed-version',
    title: 'A version that is none is refused',
    rule: rules.unsupportedVersion,
    codes: [1, 6],
    inputs: ['x', '1', '1.0.0.0', ' 1.0.0'].map((cniVersion) => withFields({ cniVersion })),
  },
  {
    id: 'version-no-text',
    title: 'A version that is no text is refused as undecodable',
    rule: rules.undecodable,
    codes: [6],
    inputs: [1, ['1.0.0'], { major: 1 }].map((cniVersion) => withFields({ cniVersion })),
  },
];

/** Configurations that are wrong: refused with the code that says so, before anything is done. */
export function configurationChecks(subject: Subject): readonly Check[] {
  const needs = { plugins: subject.plugins };
  const generic = cases.flatMap(({ id, title, rule, codes, inputs }) =>
    (['ADD', 'DEL'] as const).map(
      (verb): Check => ({
        id: `${subject.type}-${verb.toLowerCase()}-config-${id}`,
        title: `${title} (${verb})`,
        rule,
        needs,
        run: (world) => refusedAll(world, subject, verb, codes, verb === 'ADD' ? inputs : inputs.slice(0, 2)),
      }),
    ),
  );
  const wrong = wrongFields[subject.type];
  return [
    ...generic,
    unknownField(subject),
    ...(wrong === undefined
      ? []
      : [
          {
            id: `${subject.type}-config-invalid`,
            title: `A configuration that ${subject.type} cannot make sense of is refused`,
            rule: rules.errorOutput,
            needs,
            run: (world: World) => refusedOneByOne(world, subject, wrong(world)),
          },
        ]),
  ];
}

/** Either is allowed; what is not, is to fail without a word about the field. */
function unknownField(subject: Subject): Check {
  return {
    id: `${subject.type}-config-unknown-field`,
    title: 'A field that the plugin does not know is ignored, or refused by name',
    rule: rules.otherFields,
    needs: { plugins: subject.plugins },
    async run(world) {
      const { type, ifname, configuration } = subject;
      const fields = { ...configuration(world), keyOfConformance: 'its value', capabilities: { portMappings: true } };
      const attachment = await world.attachment({ ...fields, args: { cni: { labels: [] } } }, { type, ifname });
      const ended = await attachment.add();
      if (ended.status !== 0) refused(ended, { codes: [2], names: ['keyOfConformance', 'its value'] });
      else expect(ended.json !== undefined, ended.did, 'a result', describeEnd(ended));
    },
  };
}

const wrongFields: Readonly<Record<string, (world: World) => readonly Configuration[]>> = {
  bridge: (world) => [
    { vlan: 5000 },
    { vlan: -1 },
    { hairpinMode: true, promiscMode: true },
    { mtu: 'large' },
    { ipam: { type: 'no-such-plugin' } },
    { ipam: { type: '../host-local' } },
    { runtimeConfig: { mac: 'not-a-mac' } },
    { ipam: hostLocal(world, {}) },
  ],
  'host-local': (world) =>
    [
      {},
      { ranges: [] },
      { ranges: [[]] },
      { subnet: 'x' },
      { subnet: '10.1.0.5/24' },
      { subnet: '10.1.0.0/31' },
      { subnet, rangeStart: '10.2.0.1' },
      { subnet, rangeEnd: '10.2.0.1' },
      { subnet, rangeStart: '10.1.0.20', rangeEnd: '10.1.0.10' },
      { ranges: [[{ subnet }], [{ subnet: '10.1.0.0/25' }]] },
      { ranges: [[{ subnet }, { subnet: 'fd00::/64' }]] },
      { subnet, routes: [{ dst: '10.9.0.0' }] },
    ].map((more) => ({ ipam: hostLocal(world, more) })),
  static: () =>
    [
      [{ address: '10.1.0.5' }],
      [{ address: '10.1.0.5/33' }],
      [{ address: 'x' }],
      [{ gateway: '10.1.0.1' }],
      [{ address: '10.1.0.5/24', gateway: '10.1.0' }],
    ].map((addresses) => ({ ipam: { type: 'static', addresses } })),
};

async function refusedAll(
  world: World,
  { type, ifname, configuration }: Subject,
  verb: string,
  codes: readonly number[],
  inputs: readonly Text[],
): Promise<void> {
  const attachment = await world.attachment(configuration(world), { type, ifname });
  const { id, netns } = attachment;
  await withoutEffect(world, netns, async function* () {
    for (const input of inputs) {
      const call = { type, verb, id, netns, ifname, configuration: input(attachment.configuration) };
      const ended = await world.call(call);
      refused(ended, { codes });
      yield ended;
    }
  });
}

/** Each for a container of its own: what an ADD has begun before it saw the fault is for the DEL after it. */
async function refusedOneByOne(world: World, subject: Subject, wrong: readonly Configuration[]): Promise<void> {
  const { type, ifname, configuration } = subject;
  for (const fields of wrong) {
    const attachment = await world.attachment({ ...configuration(world), ...fields }, { type, ifname });
    refused(await attachment.add());
  }
}
