import type { Check } from '../check.ts';
import { describeEnd, expect, isObject, objectsOf, resultOf, succeeded } from '../expect.ts';
import { rules } from '../rules.ts';
import type { Subject } from '../subjects.ts';

/** What containerd's CRI plugin sends. */
const kubernetes =
  'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=0123abcd;K8S_POD_UID=5f1e';

/** ADD of any plugin. */
export function addChecks(subject: Subject): readonly Check[] {
  const { type, kind, ifname } = subject;
  const needs = { plugins: subject.plugins };
  const checks: readonly Check[] = [
    {
      id: `${type}-add-ignores-unknown-args`,
      title: 'ADD succeeds with the CNI_ARGS that Kubernetes runtimes send, and with empty ones',
      rule: rules.extraArguments,
      needs,
      async run(world) {
        for (const args of [kubernetes, '']) {
          const attachment = await world.attachment(subject.configuration(world), { type, ifname, args });
          resultOf(await attachment.add());
          succeeded(await attachment.del());
        }
      },
    },
    {
      id: `${type}-add-valid-names`,
      title: 'ADD takes every container id and network name that the specification allows',
      rule: rules.containerId,
      needs,
      async run(world) {
        for (const [id, name] of [
          [`${world.containerId()}.A_z`, '0'],
          [`0${world.containerId()}-${'x'.repeat(64)}`, `${world.network}_A.b-`],
        ] as const) {
          const attachment = await world.attachment({ ...subject.configuration(world), name }, { type, ifname, id });
          resultOf(await attachment.add());
          succeeded(await attachment.del());
        }
      },
    },
    {
      id: `${type}-add-ignores-unknown-runtime-config`,
      title: 'ADD succeeds with capability arguments and args that the plugin has no use for',
      rule: rules.ignoreArgs,
      needs,
      async run(world) {
        const configuration = {
          ...subject.configuration(world),
          runtimeConfig: { aliases: ['web'] },
          args: { cni: { labels: [{ key: 'app', value: 'web' }] }, other: { deep: [1] } },
        };
        const attachment = await world.attachment(configuration, { type, ifname });
        resultOf(await attachment.add());
      },
    },
  ];
  return kind === 'ipam' || kind === 'other' ? checks : [...checks, ...interfaceChecks(subject)];
}

/** ADD of a plugin that has an interface in the container. */
function interfaceChecks(subject: Subject): readonly Check[] {
  const { type, ifname } = subject;
  const needs = { plugins: subject.plugins, version: '1.0.0' };
  return [
    {
      id: `${type}-add-interface-is-there`,
      title: 'After ADD the container has the interface, and it is up',
      rule: rules.createInterface,
      needs,
      async run(world) {
        const attachment = await world.attachment(subject.configuration(world), { type, ifname });
        const ended = await attachment.add();
        resultOf(ended);
        const link = await attachment.inside.link(ifname);
        const seen = link === undefined ? `no ${ifname}` : `${ifname} with flags ${link.flags}`;
        expect(link?.flags.includes('UP') === true, ended.did, `${ifname} in the container, up`, seen);
      },
    },
    {
      id: `${type}-result-has-interface`,
      title: 'The result lists the interface in the container, with CNI_NETNS as its sandbox',
      rule: rules.resultSandbox,
      needs,
      async run(world) {
        const attachment = await world.attachment(subject.configuration(world), { type, ifname });
        const ended = await attachment.add();
        const found = objectsOf(resultOf(ended).interfaces).filter(({ name }) => name === ifname);
        const good = found.length === 1 && found[0]?.sandbox === attachment.netns;
        expect(
          good,
          ended.did,
          `one ${ifname} in \`interfaces\`, with sandbox ${attachment.netns}`,
          describeEnd(ended),
        );
      },
    },
    {
      id: `${type}-result-interfaces-exist`,
      title: 'Every interface of the result is where it says, with the hardware address it says',
      rule: rules.resultMac,
      needs,
      async run(world) {
        const attachment = await world.attachment(subject.configuration(world), { type, ifname });
        const ended = await attachment.add();
        for (const { name, mac, sandbox } of objectsOf(resultOf(ended).interfaces)) {
          const inside = sandbox !== undefined && sandbox !== '';
          const link = await (inside ? attachment.inside : await world.host()).link(String(name));
          const where = `${name} ${inside ? 'in the container' : 'on the host'}`;
          expect(link !== undefined, ended.did, where, 'no such interface');
          expect(mac === link.address, ended.did, `the hardware address of ${where}, ${link.address}`, String(mac));
        }
      },
    },
    {
      id: `${type}-result-addresses-are-there`,
      title: 'Every address of the result is on the interface that its index says',
      rule: rules.resultInterfaceIndex,
      needs,
      async run(world) {
        const attachment = await world.attachment(subject.configuration(world), { type, ifname });
        const ended = await attachment.add();
        const { ips, interfaces } = resultOf(ended);
        const link = await attachment.inside.link(ifname);
        const there = (link?.addr_info ?? []).map(({ local, prefixlen }) => `${local}/${prefixlen}`);
        expect(objectsOf(ips).length > 0, ended.did, 'at least one address in the result', describeEnd(ended));
        for (const { address, interface: index } of objectsOf(ips)) {
          const name = objectsOf(interfaces)[Number(index)]?.name;
          expect(name === ifname, ended.did, `an index that means ${ifname}, for ${address}`, `${index}: ${name}`);
          expect(there.includes(String(address)), ended.did, `${address} on ${ifname}`, there.join(', '));
        }
      },
    },
    {
      id: `${type}-add-passes-prev-result`,
      title: 'What a previous plugin of the chain has told is still in the result',
      rule: rules.previousResult,
      needs,
      async run(world) {
        const netns = await world.sandbox();
        const prevResult = {
          cniVersion: '1.0.0',
          interfaces: [{ name: 'net9', mac: '02:00:00:00:00:09', sandbox: netns }],
          ips: [{ address: '10.99.0.9/24', interface: 0 }],
        };
        await world
          .view(netns)
          .change(
            'ip link add net9 address 02:00:00:00:00:09 type veth peer name peer9; ip link set net9 up; ip address add 10.99.0.9/24 dev net9',
          );
        const attachment = await world.attachment(subject.configuration(world), { type, ifname, netns });
        const ended = await attachment.add({}, { prevResult });
        const { interfaces, ips } = resultOf(ended);
        const names = objectsOf(interfaces).map(({ name }) => name);
        const kept = objectsOf(ips).find(({ address }) => address === '10.99.0.9/24');
        const pointsAt = isObject(kept) ? names[Number(kept.interface)] : undefined;
        expect(pointsAt === 'net9', ended.did, '10.99.0.9/24 of net9 in the result', describeEnd(ended));
      },
    },
  ];
}
