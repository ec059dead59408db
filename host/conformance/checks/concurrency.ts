import type { Attachment } from '../bench/attachment.ts';
import type { Call, Configuration } from '../bench/call.ts';
import type { World } from '../bench/world.ts';
import { type Check, Finding } from '../check.ts';
import { describeEnd, expect, objectsOf, refused, resultOf, silent } from '../expect.ts';
import { rules } from '../rules.ts';
import { hostLocal, subnet } from '../subjects.ts';

const rule = rules.concurrency;

async function several(
  world: World,
  count: number,
  configuration: Configuration,
  call: Partial<Call> & { readonly type: string },
): Promise<readonly Attachment[]> {
  const made: Attachment[] = [];
  for (let i = 0; i < count; i++) made.push(await world.attachment(configuration, call));
  return made;
}

/** The addresses that all of them are given, when all are added at once. */
async function addAll(attachments: readonly Attachment[]): Promise<readonly string[]> {
  const ended = await Promise.all(attachments.map((attachment) => attachment.add()));
  return ended.flatMap((one) => objectsOf(resultOf(one).ips).map(({ address }) => String(address)));
}

function distinct(did: string, addresses: readonly string[], count: number): void {
  const twice = addresses.filter((address, i) => addresses.indexOf(address) !== i);
  expect(twice.length === 0, did, 'no address twice', `twice: ${twice.join(', ')}`);
  expect(addresses.length === count, did, `${count} addresses`, `${addresses.length}`);
}

export const concurrencyChecks: readonly Check[] = [
  {
    id: 'host-local-concurrent-add',
    title: 'Sixteen ADDs at once give sixteen addresses',
    rule,
    needs: { plugins: ['host-local'] },
    async run(world) {
      const configuration = { type: 'bridge', ipam: hostLocal(world) };
      const addresses = await addAll(await several(world, 16, configuration, { type: 'host-local' }));
      distinct('ADD of host-local for sixteen containers at once', addresses, 16);
      expect(world.leased().length === 16, 'the same', 'sixteen leases', `${world.leased().length}`);
    },
  },
  {
    id: 'host-local-concurrent-shortage',
    title: 'Of eight ADDs at once for four addresses, four succeed',
    rule,
    needs: { plugins: ['host-local'] },
    async run(world) {
      const ipam = hostLocal(world, { subnet, rangeStart: '10.1.0.10', rangeEnd: '10.1.0.13' });
      const attachments = await several(world, 8, { type: 'bridge', ipam }, { type: 'host-local' });
      const ended = await Promise.all(attachments.map((one) => one.add()));
      const good = ended.filter(({ status }) => status === 0);
      for (const one of ended) if (one.status !== 0) refused(one);
      const did = 'ADD of host-local for eight containers at once, of four addresses';
      distinct(
        did,
        good.map((one) => String(objectsOf(resultOf(one).ips)[0]?.address)),
        4,
      );
    },
  },
  {
    id: 'host-local-concurrent-request',
    title: 'Of six ADDs at once that ask for one address, one gets it',
    rule,
    needs: { plugins: ['host-local'] },
    async run(world) {
      const configuration = { type: 'bridge', ipam: hostLocal(world), runtimeConfig: { ips: ['10.1.0.77'] } };
      const attachments = await several(world, 6, configuration, { type: 'host-local' });
      const ended = await Promise.all(attachments.map((one) => one.add()));
      const good = ended.filter(({ status }) => status === 0);
      if (good.length !== 1) {
        throw new Finding(
          'ADD for six containers at once, all for 10.1.0.77',
          'one success',
          ended.map(describeEnd).join('; '),
        );
      }
    },
  },
  {
    id: 'host-local-concurrent-del',
    title: 'ADDs and DELs at once neither fail nor leave a lease',
    rule,
    needs: { plugins: ['host-local'] },
    async run(world) {
      const configuration = { type: 'bridge', ipam: hostLocal(world) };
      const attachments = await several(world, 12, configuration, { type: 'host-local' });
      await addAll(attachments.slice(0, 6));
      const [first, second] = [attachments.slice(0, 6), attachments.slice(6)];
      const [deleted] = await Promise.all([Promise.all(first.map((one) => one.del())), addAll(second)]);
      for (const one of deleted) silent(one);
      expect(world.leased().length === 6, 'six DELs and six ADDs at once', 'six leases', `${world.leased().length}`);
      for (const one of await Promise.all(second.map((each) => each.del()))) silent(one);
      expect(world.leased().length === 0, 'six DELs at once', 'no lease', world.leased().join(', '));
    },
  },
  {
    id: 'bridge-concurrent-add',
    title: 'Eight ADDs at once, on a bridge that is not there yet, all succeed',
    rule,
    needs: { plugins: ['bridge', 'host-local'], version: '1.0.0' },
    async run(world) {
      const configuration = { type: 'bridge', bridge: 'cni0', isDefaultGateway: true, ipam: hostLocal(world) };
      const attachments = await several(world, 8, configuration, { type: 'bridge' });
      const did = 'ADD of bridge for eight containers at once';
      distinct(did, await addAll(attachments), 8);
      const links = await (await world.host()).links();
      const bridges = links.filter(({ linkinfo }) => linkinfo?.info_kind === 'bridge');
      const ports = links.filter(({ master }) => master === 'cni0');
      expect(
        bridges.length === 1 && ports.length === 8,
        did,
        'one bridge with eight ports',
        `${bridges.length} with ${ports.length}`,
      );
    },
  },
  {
    id: 'bridge-concurrent-del',
    title: 'Eight DELs at once all succeed, and leave nothing',
    rule,
    needs: { plugins: ['bridge', 'host-local'], version: '1.0.0' },
    async run(world) {
      const configuration = { type: 'bridge', bridge: 'cni0', isGateway: true, ipam: hostLocal(world) };
      const attachments = await several(world, 8, configuration, { type: 'bridge' });
      await addAll(attachments);
      for (const one of await Promise.all(attachments.map((each) => each.del()))) silent(one);
      const veths = (await (await world.host()).links()).filter(({ linkinfo }) => linkinfo?.info_kind === 'veth');
      expect(
        veths.length === 0 && world.leased().length === 0,
        'DEL of bridge for eight containers at once',
        'no veth and no lease',
        `${veths.length} and ${world.leased().length}`,
      );
    },
  },
  {
    id: 'loopback-concurrent-add',
    title: 'Eight containers get their loopback at once',
    rule,
    needs: { plugins: ['loopback'] },
    async run(world) {
      const attachments = await several(world, 8, { type: 'loopback' }, { type: 'loopback', ifname: 'lo' });
      for (const one of await Promise.all(attachments.map((each) => each.add()))) resultOf(one);
      for (const one of await Promise.all(attachments.map((each) => each.del()))) silent(one);
    },
  },
];
