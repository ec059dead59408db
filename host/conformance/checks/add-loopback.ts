import type { Check } from '../check.ts';
import { describeEnd, expect, objectsOf, refused, resultOf, silent } from '../expect.ts';
import { rules } from '../rules.ts';

const needs = { plugins: ['loopback'], version: '1.0.0' };
const lo = { type: 'loopback', ifname: 'lo' };

export const loopbackChecks: readonly Check[] = [
  {
    id: 'loopback-addresses',
    title: 'The result has the loopback addresses of both families',
    rule: rules.resultAddresses,
    needs,
    async run(world) {
      const attachment = await world.attachment({ type: 'loopback' }, lo);
      const ended = await attachment.add();
      const addresses = objectsOf(resultOf(ended).ips).map(({ address }) => address);
      const there = ((await attachment.inside.link('lo'))?.addr_info ?? []).map(
        ({ local, prefixlen }) => `${local}/${prefixlen}`,
      );
      const same = addresses.toSorted().join() === there.toSorted().join();
      expect(same && there.includes('127.0.0.1/8'), ended.did, `the addresses ${there.join(', ')}`, describeEnd(ended));
    },
  },
  {
    id: 'loopback-add-again',
    title: 'ADD where lo is up already succeeds: every container has one',
    rule: rules.loopback,
    needs,
    async run(world) {
      const attachment = await world.attachment({ type: 'loopback' }, lo);
      await attachment.inside.change('ip link set lo up');
      resultOf(await attachment.add());
    },
  },
  {
    id: 'loopback-del-sets-down',
    title: 'DEL sets lo down',
    rule: rules.undo,
    needs,
    async run(world) {
      const attachment = await world.attachment({ type: 'loopback' }, lo);
      await attachment.added();
      const ended = await attachment.del();
      silent(ended);
      const link = await attachment.inside.link('lo');
      expect(link?.flags.includes('UP') === false, ended.did, 'lo down', `flags ${link?.flags}`);
    },
  },
  {
    id: 'loopback-host-stays',
    title: "ADD and DEL leave the host's lo alone",
    rule: rules.createInterface,
    needs,
    async run(world) {
      const host = await world.host();
      for (const state of ['up', 'down']) {
        await host.change(`ip link set lo ${state}`);
        const before = (await host.link('lo'))?.flags;
        const attachment = await world.attachment({ type: 'loopback' }, lo);
        await attachment.added();
        const ended = await attachment.del();
        const after = (await host.link('lo'))?.flags;
        expect(String(before) === String(after), ended.did, `lo of the host ${state}`, `flags ${after}`);
      }
    },
  },
  {
    id: 'loopback-check-down',
    title: 'CHECK fails where lo was set down',
    rule: rules.missingResource,
    needs,
    async run(world) {
      const attachment = await world.attachment({ type: 'loopback' }, lo);
      const result = await attachment.added();
      await attachment.inside.change('ip link set lo down');
      refused(await attachment.check(result));
    },
  },
];
