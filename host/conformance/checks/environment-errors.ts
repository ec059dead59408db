import type { Call } from '../bench/call.ts';
import type { World } from '../bench/world.ts';
import type { Check } from '../check.ts';
import { orRefused, refused, silent, succeeded } from '../expect.ts';
import { rules } from '../rules.ts';
import type { Subject } from '../subjects.ts';
import { withoutEffect } from './effects.ts';

const required = [
  ['ADD', ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME']],
  ['CHECK', ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME']],
  ['DEL', ['CNI_CONTAINERID', 'CNI_IFNAME']],
] as const;

const badIds = ['../x', 'a/b', '-a', '.a', '_a', 'a b', 'a:b', 'a\nb', 'ä'];
const badNames = ['.', '..', 'a/b', 'a:b', 'a b', 'a\tb', 'sixteen-bytes-xx', 'é'.repeat(8)];

/** All of them for ADD, a few for DEL: the code behind both is the same in any plugin worth its name. */
function of(values: readonly string[], verb: 'ADD' | 'DEL'): readonly string[] {
  return verb === 'ADD' ? values : values.slice(0, 3);
}

/** Variables that are missing or wrong: refused with the variable's name, before anything is done. */
export function environmentChecks(subject: Subject): readonly Check[] {
  const missing = required.flatMap(([verb, names]) => names.map((name) => missingVariable(subject, verb, name)));
  const delegates = subject.kind === 'interface' || subject.kind === 'other';
  return [
    ...missing,
    allMissing(subject),
    ...wrongValues(subject),
    ...(delegates ? [] : [optionalPath(subject)]),
    ...(subject.kind === 'ipam' ? [] : namespaceChecks(subject)),
  ];
}

function missingVariable(subject: Subject, verb: 'ADD' | 'CHECK' | 'DEL', name: string): Check {
  const { type } = subject;
  return {
    id: `${type}-${verb.toLowerCase()}-without-${name.slice('CNI_'.length).toLowerCase()}`,
    title: `${verb} without ${name} is refused, and nothing is done`,
    rule: rules.required(verb, name),
    needs: { plugins: subject.plugins, ...(verb === 'CHECK' ? { version: '1.0.0' } : {}) },
    run: (world) =>
      refusedAll(
        world,
        subject,
        verb,
        [undefined, ''].map((value) => ({ environment: { [name]: value } })),
        {
          codes: [4],
          names: [name],
        },
      ),
  };
}

function allMissing(subject: Subject): Check {
  const names = ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'];
  const environment = Object.fromEntries(names.map((name) => [name, undefined]));
  return {
    id: `${subject.type}-all-missing-are-named`,
    title: 'Where several variables are missing, the error names all of them',
    rule: rules.invalidEnvironment,
    needs: { plugins: subject.plugins },
    run: (world) => refusedAll(world, subject, 'ADD', [{ environment }], { codes: [4], names }),
  };
}

function wrongValues(subject: Subject): readonly Check[] {
  const needs = { plugins: subject.plugins };
  return (['ADD', 'DEL'] as const).flatMap((verb) => [
    {
      id: `${subject.type}-${verb.toLowerCase()}-invalid-containerid`,
      title: `${verb} for a container id that is none is refused, and nothing is done`,
      rule: rules.containerId,
      needs,
      run: (world: World) =>
        refusedAll(
          world,
          subject,
          verb,
          of(badIds, verb).map((id) => ({ id })),
          { codes: [4] },
        ),
    },
    {
      id: `${subject.type}-${verb.toLowerCase()}-invalid-ifname`,
      title: `${verb} for an interface name that cannot be is refused, and nothing is done`,
      rule: rules.interfaceName,
      needs,
      run: (world: World) =>
        refusedAll(
          world,
          subject,
          verb,
          of(badNames, verb).map((ifname) => ({ ifname })),
          { codes: [4] },
        ),
    },
  ]);
}

/** CNI_PATH is of use only to plugins that delegate. */
function optionalPath(subject: Subject): Check {
  return {
    id: `${subject.type}-path-is-optional`,
    title: 'ADD and DEL of a plugin that delegates nothing need no CNI_PATH, or say that they do',
    rule: rules.optionalPath,
    needs: { plugins: subject.plugins },
    async run(world) {
      const { type, ifname } = subject;
      const attachment = await world.attachment(subject.configuration(world), { type, ifname });
      orRefused(await attachment.add({ path: null }), succeeded);
      orRefused(await attachment.del({ path: null }), silent);
    },
  };
}

function namespaceChecks(subject: Subject): readonly Check[] {
  const needs = { plugins: subject.plugins };
  return [
    {
      id: `${subject.type}-add-namespace-is-none`,
      title: 'ADD is refused where CNI_NETNS is no network namespace',
      rule: rules.namespace,
      needs,
      async run(world) {
        const { type, ifname } = subject;
        for (const netns of ['/nonexistent/netns', '/dev/null', '/']) {
          const attachment = await world.attachment(subject.configuration(world), { type, ifname });
          refused(await attachment.add({ netns }));
        }
      },
    },
    {
      id: `${subject.type}-add-own-namespace`,
      title: "ADD is refused where CNI_NETNS is the plugin's own, and nothing is done",
      rule: rules.ownNamespace,
      needs,
      run: async (world) => refusedAll(world, subject, 'ADD', [{ netns: await world.hostPath() }], {}),
    },
    {
      id: `${subject.type}-del-own-namespace`,
      title: "DEL changes nothing where CNI_NETNS is the plugin's own",
      rule: rules.ownNamespace,
      needs,
      async run(world) {
        const host = await world.host();
        // Something of the machine's own that a container's interface would be called, too.
        await host.change('ip link set lo up; ip link add eth0 type veth peer name peer0; ip link set eth0 up');
        const { type, ifname } = subject;
        const attachment = await world.attachment(subject.configuration(world), { type, ifname });
        const netns = await world.hostPath();
        await withoutEffect(world, netns, async function* () {
          yield await attachment.del({ netns });
        });
      },
    },
  ];
}

/** Calls that all have to be refused, and of which none may have an effect. */
async function refusedAll(
  world: World,
  { type, ifname, configuration }: Subject,
  verb: string,
  wrong: readonly Partial<Call>[],
  refusal: { readonly codes?: readonly number[]; readonly names?: readonly string[] },
): Promise<void> {
  const attachment = await world.attachment(configuration(world), { type, ifname });
  await withoutEffect(world, attachment.netns, async function* () {
    for (const more of wrong) {
      const ended = await world.call({
        type,
        verb,
        id: attachment.id,
        netns: attachment.netns,
        ifname,
        configuration: attachment.configuration,
        ...more,
      });
      refused(ended, refusal);
      yield ended;
    }
  });
}
