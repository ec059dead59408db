import type { Check } from '../check.ts';
import { expect, resultOf, silent, succeeded } from '../expect.ts';
import { rules } from '../rules.ts';
import { hostLocal, type Subject } from '../subjects.ts';
import { withoutEffect } from './effects.ts';

/** DEL of any plugin: whatever is missing, it succeeds. */
export function delChecks(subject: Subject): readonly Check[] {
  const { type, ifname, plugins } = subject;
  const needs = { plugins };
  return [
    {
      id: `${type}-del-repeated`,
      title: 'DEL succeeds a second and a third time',
      rule: rules.repeatedDel,
      needs,
      async run(world) {
        const attachment = await world.attachment(subject.configuration(world), { type, ifname });
        await attachment.added();
        for (let i = 0; i < 3; i++) silent(await attachment.del());
      },
    },
    {
      id: `${type}-del-never-added`,
      title: 'DEL of what was never added succeeds, and changes nothing',
      rule: rules.repeatedDel,
      needs,
      async run(world) {
        const attachment = await world.attachment(subject.configuration(world), { type, ifname });
        await withoutEffect(world, attachment.netns, async function* () {
          const ended = await attachment.del();
          silent(ended);
          yield ended;
        });
      },
    },
    {
      id: `${type}-del-namespace-gone`,
      title: 'DEL succeeds where the namespace is gone',
      rule: rules.missingResources,
      needs,
      async run(world) {
        const attachment = await world.attachment(subject.configuration(world), { type, ifname });
        await attachment.added();
        await world.removeSandbox(attachment.netns);
        for (let i = 0; i < 2; i++) silent(await attachment.del());
        expect(world.leased().length === 0, 'DEL without the namespace', 'no lease left', world.leased().join(', '));
      },
    },
    {
      id: `${type}-del-without-namespace`,
      title: 'DEL succeeds without CNI_NETNS, set to nothing or not at all',
      rule: rules.delWithoutPrevious,
      needs,
      async run(world) {
        for (const netns of ['', undefined]) {
          const attachment = await world.attachment(subject.configuration(world), { type, ifname });
          await attachment.added();
          silent(await attachment.del({ netns }));
          expect(world.leased().length === 0, 'DEL without CNI_NETNS', 'no lease left', world.leased().join(', '));
        }
      },
    },
    {
      id: `${type}-del-with-prev-result`,
      title: 'DEL succeeds with the result of the ADD in prevResult',
      rule: rules.introducedCheck,
      needs: { plugins, version: '0.4.0' },
      async run(world) {
        const attachment = await world.attachment(subject.configuration(world), { type, ifname });
        silent(await attachment.del({}, { prevResult: await attachment.added() }));
      },
    },
    {
      id: `${type}-add-again-after-del`,
      title: 'What was deleted can be added again',
      rule: rules.undo,
      needs,
      async run(world) {
        const attachment = await world.attachment(subject.configuration(world), { type, ifname });
        for (let i = 0; i < 3; i++) {
          resultOf(await attachment.add());
          silent(await attachment.del());
        }
      },
    },
  ];
}

const plugins = ['bridge', 'host-local'];

export const bridgeDelChecks: readonly Check[] = [
  {
    id: 'bridge-del-removes-interface',
    title: "DEL removes the container's interface, the host's end and the lease",
    rule: rules.undo,
    needs: { plugins },
    async run(world) {
      const attachment = await world.attachment(
        { type: 'bridge', bridge: 'cni0', ipam: hostLocal(world) },
        { type: 'bridge' },
      );
      await attachment.added();
      const ended = await attachment.del();
      silent(ended);
      const links = [...(await attachment.inside.links()), ...(await (await world.host()).links())];
      const veths = links.filter(({ linkinfo }) => linkinfo?.info_kind === 'veth').map(({ ifname }) => ifname);
      expect(veths.length === 0, ended.did, 'no veth left', veths.join(', '));
      expect(world.leased().length === 0, ended.did, 'no lease left', world.leased().join(', '));
    },
  },
  {
    id: 'bridge-del-interface-gone',
    title: 'DEL succeeds where the interface was removed, and releases the lease',
    rule: rules.cleanUpHost,
    needs: { plugins },
    async run(world) {
      const attachment = await world.attachment(
        { type: 'bridge', bridge: 'cni0', ipam: hostLocal(world) },
        { type: 'bridge' },
      );
      await attachment.added();
      await attachment.inside.change('ip link del eth0');
      const ended = await attachment.del();
      silent(ended);
      expect(world.leased().length === 0, ended.did, 'no lease left', world.leased().join(', '));
    },
  },
  {
    id: 'bridge-del-bridge-gone',
    title: 'DEL succeeds where the bridge was removed',
    rule: rules.missingResources,
    needs: { plugins },
    async run(world) {
      const attachment = await world.attachment(
        { type: 'bridge', bridge: 'cni0', ipam: hostLocal(world) },
        { type: 'bridge' },
      );
      await attachment.added();
      await (await world.host()).change('ip link del cni0');
      const ended = await attachment.del();
      silent(ended);
      expect((await attachment.inside.link('eth0')) === undefined, ended.did, 'no eth0 left', 'eth0');
    },
  },
  {
    id: 'bridge-del-leaves-others',
    title: 'DEL leaves other containers of the network as they are',
    rule: rules.undo,
    needs: { plugins },
    async run(world) {
      const configuration = { type: 'bridge', bridge: 'cni0', isGateway: true, ipam: hostLocal(world) };
      const [one, other] = [
        await world.attachment(configuration, { type: 'bridge' }),
        await world.attachment(configuration, { type: 'bridge' }),
      ];
      await one.added();
      const result = await other.added();
      const ended = await one.del();
      silent(ended);
      expect(
        world.leased().length === 1,
        ended.did,
        "the other container's lease",
        world.leased().join(', ') || 'none',
      );
      expect(
        (await other.inside.link('eth0'))?.flags.includes('UP') === true,
        ended.did,
        "the other container's eth0, up",
        'it is not',
      );
      if (world.version !== '0.3.1') succeeded(await other.check(result));
    },
  },
  {
    id: 'bridge-del-masquerade-namespace-gone',
    title: 'DEL removes the masquerading of a container whose namespace is gone',
    rule: rules.cleanUpHost,
    needs: { plugins, tools: ['nft', 'iptables'] },
    async run(world) {
      for (const how of ['gone', 'not given'] as const) {
        const configuration = { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: true, ipam: hostLocal(world) };
        const attachment = await world.attachment(configuration, { type: 'bridge' });
        await attachment.added();
        if (how === 'gone') await world.removeSandbox(attachment.netns);
        const ended = await attachment.del(how === 'gone' ? {} : { netns: '' });
        silent(ended);
        const rulesLeft = ((await (await world.host()).ruleset()) ?? '')
          .split('\n')
          .filter((line) => line.includes(attachment.id));
        expect(rulesLeft.length === 0, ended.did, `no rule that names ${attachment.id}`, rulesLeft.join('; '));
      }
    },
  },
];
