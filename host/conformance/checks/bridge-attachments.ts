import type { Check } from '../check.ts';
import { expect, refused } from '../expect.ts';
import { rules } from '../rules.ts';
import { hostLocal } from '../subjects.ts';

const plugins = ['bridge', 'host-local'];

/** What is there already when the bridge plugin is called. */
export const bridgeAttachmentChecks: readonly Check[] = [
  {
    id: 'bridge-existing-interface',
    title: 'ADD is refused where the container has an interface of that name, which stays as it is',
    rule: rules.existingInterface,
    needs: { plugins, version: '1.0.0' },
    async run(world) {
      const configuration = { type: 'bridge', bridge: 'cni0', isGateway: true, ipam: hostLocal(world) };
      const attachment = await world.attachment(configuration, { type: 'bridge' });
      await attachment.inside.change(
        'ip link add eth0 type veth peer name peer0; ip link set eth0 up; ip address add 10.77.0.1/24 dev eth0',
      );
      const before = await attachment.inside.lines();
      const ended = await attachment.add();
      refused(ended);
      const after = await attachment.inside.lines();
      expect(String(before) === String(after), ended.did, 'eth0 as it was', after.join('; '));
    },
  },
  {
    id: 'bridge-two-interfaces',
    title: 'A container is added twice to a network with two interface names, and each is deleted alone',
    rule: rules.severalAttachments,
    needs: { plugins, version: '1.0.0' },
    async run(world) {
      const configuration = { type: 'bridge', bridge: 'cni0', isGateway: true, ipam: hostLocal(world) };
      const first = await world.attachment(configuration, { type: 'bridge' });
      const second = await world.attachment(configuration, {
        type: 'bridge',
        id: first.id,
        netns: first.netns,
        ifname: 'net1',
      });
      await first.added();
      const [, kept] = [await second.added(), world.leased().length];
      const ended = await first.del();
      const names = (await first.inside.links()).map(({ ifname }) => ifname);
      expect(String(names) === 'lo,net1', ended.did, 'lo and net1 left in the container', String(names));
      expect(kept === 2 && world.leased().length === 1, ended.did, 'one lease of two', world.leased().join(', '));
    },
  },
  {
    id: 'bridge-foreign-address',
    title: 'ADD is refused where the bridge has another address, and the lease is given back by DEL',
    rule: rules.bridgeForceAddress,
    needs: { plugins, version: '1.0.0' },
    async run(world) {
      const host = await world.host();
      await host.change('ip link add cni0 type bridge; ip link set cni0 up; ip address add 10.66.0.1/24 dev cni0');
      const configuration = { type: 'bridge', bridge: 'cni0', isGateway: true, ipam: hostLocal(world) };
      const attachment = await world.attachment(configuration, { type: 'bridge' });
      refused(await attachment.add());
      const ended = await attachment.del();
      expect(world.leased().length === 0, ended.did, 'no lease left', world.leased().join(', '));
      expect(
        (await host.link('cni0'))?.addr_info.some(({ local }) => local === '10.66.0.1') === true,
        ended.did,
        'the address of the bridge kept',
        'it is gone',
      );
    },
  },
];
