import type { Configuration } from '../bench/call.ts';
import type { World } from '../bench/world.ts';
import type { Check } from '../check.ts';
import { expect, refused, silent, unchanged } from '../expect.ts';
import { rules } from '../rules.ts';
import { hostLocal, type Subject } from '../subjects.ts';
import { everything } from './effects.ts';

/**
 * What belongs to the network rather than to an attachment may stay: the bridge and what goes with it. The kernel gives `lo` its
 * addresses when it is first set up, and leaves the one of IPv4 when it goes down.
 */
const shared = ['cni0', 'address lo 127.0.0.1/8', 'dev lo table local'];

export function leakChecks(subject: Subject): readonly Check[] {
  const { type, ifname, plugins } = subject;
  return [
    {
      id: `${type}-leaves-nothing`,
      title: 'After ADD and DEL, host, container and leases are as before',
      rule: rules.undo,
      needs: { plugins },
      async run(world) {
        const attachment = await world.attachment(subject.configuration(world), { type, ifname });
        const before = await everything(world, attachment.netns);
        await attachment.added();
        const ended = await attachment.del();
        silent(ended);
        unchanged(ended.did, before, await everything(world, attachment.netns), ...shared);
      },
    },
    {
      id: `${type}-killed-add-leaves-nothing`,
      title: 'DEL takes away what an ADD has left that was killed, whenever that was',
      rule: rules.failedAdd,
      needs: { plugins },
      async run(world) {
        for (const killAfter of [5, 15, 25, 40, 60]) {
          const attachment = await world.attachment(subject.configuration(world), { type, ifname });
          const before = await everything(world, attachment.netns);
          await attachment.add({ killAfter });
          const ended = await attachment.del();
          silent(ended);
          unchanged(
            `ADD, killed after ${killAfter} ms; ${ended.did}`,
            before,
            await everything(world, attachment.netns),
            ...shared,
          );
        }
      },
    },
  ];
}

const plugins = ['bridge', 'host-local'];

const masquerading = (world: World): Configuration => ({
  type: 'bridge',
  bridge: 'cni0',
  isGateway: true,
  ipMasq: true,
  ipam: hostLocal(world),
});

export const bridgeLeakChecks: readonly Check[] = [
  {
    id: 'bridge-failed-add-leaves-nothing',
    title: 'DEL after an ADD that failed leaves neither interface nor lease',
    rule: rules.failedAdd,
    needs: { plugins },
    async run(world) {
      const host = await world.host();
      await host.change('ip link add cni0 type bridge; ip link set cni0 up; ip address add 10.66.0.1/24 dev cni0');
      const attachment = await world.attachment(masquerading(world), { type: 'bridge' });
      const before = await everything(world, attachment.netns);
      refused(await attachment.add());
      const ended = await attachment.del();
      silent(ended);
      unchanged(ended.did, before, await everything(world, attachment.netns), ...shared);
    },
  },
  {
    id: 'bridge-masquerade-leaves-nothing',
    title: 'After ADD and DEL with ipMasq no rule names the container or its address',
    rule: rules.undo,
    needs: { plugins, tools: ['nft', 'iptables'] },
    async run(world) {
      const attachment = await world.attachment(masquerading(world), { type: 'bridge' });
      await attachment.added();
      const ended = await attachment.del();
      silent(ended);
      const lines = ((await (await world.host()).ruleset()) ?? '').split('\n');
      const left = lines.filter((line) => line.includes(attachment.id) || /10\.1\.0\.2\b/.test(line));
      expect(left.length === 0, ended.did, 'no such rule', left.join('; '));
    },
  },
  {
    id: 'bridge-many-cycles-leave-nothing',
    title: 'Ten containers that came and went have left as much as one',
    rule: rules.undo,
    needs: { plugins, tools: ['nft', 'iptables'] },
    async run(world) {
      const cycle = async () => {
        const attachment = await world.attachment(masquerading(world), { type: 'bridge' });
        await attachment.added();
        silent(await attachment.del());
      };
      // Addresses of the bridge, and routes by them, come and go by themselves.
      const count = async () => {
        const lines = await (await world.host()).lines();
        return lines.filter((line) => !/^(address|route) /.test(line)).length + world.leased().length;
      };
      await cycle();
      const before = await count();
      for (let i = 0; i < 9; i++) await cycle();
      const grown = (await count()) - before;
      expect(grown <= 0, 'ADD and DEL for nine more containers', 'no more than after the first', `${grown} lines more`);
    },
  },
];
