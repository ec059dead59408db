import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attachment } from '../bench/attachment.ts';
import type { Call, Configuration } from '../bench/call.ts';
import type { World } from '../bench/world.ts';
import type { Check } from '../check.ts';
import { describeEnd, expect, isObject, objectsOf, refused, resultOf, silent, succeeded } from '../expect.ts';
import { rules } from '../rules.ts';
import { hostLocal, subnet } from '../subjects.ts';
import { everything } from './effects.ts';

const needs = { plugins: ['host-local'], version: '1.0.0' };
const small = { subnet, rangeStart: '10.1.0.10', rangeEnd: '10.1.0.12' };

function lessee(
  world: World,
  ipam: Configuration,
  call: Partial<Call> = {},
  more: Configuration = {},
): Promise<Attachment> {
  return world.attachment({ type: 'bridge', ipam: hostLocal(world, ipam), ...more }, { type: 'host-local', ...call });
}

/** The addresses that an ADD gives. */
async function given(attachment: Attachment): Promise<readonly string[]> {
  return objectsOf((await attachment.added()).ips).map(({ address }) => String(address));
}

export const hostLocalChecks: readonly Check[] = [
  {
    id: 'host-local-lease-file',
    title: 'A lease is a file in dataDir, and goes with DEL',
    rule: rules.hostLocalFiles,
    needs,
    async run(world) {
      const attachment = await lessee(world, { subnet });
      const ended = await attachment.add();
      const address = String(objectsOf(resultOf(ended).ips)[0]?.address).split('/')[0] ?? '';
      expect(world.leased().includes(address), ended.did, `a file ${address}`, world.leased().join(', ') || 'none');
      const owner = world.lease(address);
      expect(owner.includes(attachment.id), ended.did, `${attachment.id} in the file`, owner);
      const deleted = await attachment.del();
      silent(deleted);
      expect(world.leased().length === 0, deleted.did, 'no lease left', world.leased().join(', '));
    },
  },
  {
    id: 'host-local-no-interfaces',
    title: 'The plugin touches neither host nor container',
    rule: rules.ipamResult,
    needs,
    async run(world) {
      const attachment = await lessee(world, { subnet });
      const before = await everything(world, attachment.netns);
      const ended = await attachment.add();
      const result = resultOf(ended);
      const after = (await everything(world, attachment.netns)).filter((line) => !line.startsWith('lease '));
      expect(String(before) === String(after), ended.did, 'no change of host or container', after.join('; '));
      expect(result.interfaces === undefined, ended.did, 'no `interfaces`', describeEnd(ended));
    },
  },
  {
    id: 'host-local-unique',
    title: 'No address is given twice, and none is the gateway',
    rule: rules.hostLocalUnique,
    needs,
    async run(world) {
      const addresses: string[] = [];
      for (let i = 0; i < 5; i++) addresses.push(...(await given(await lessee(world, { subnet: '10.1.0.0/29' }))));
      const did = 'ADD for five containers of 10.1.0.0/29';
      expect(new Set(addresses).size === 5, did, 'five addresses', addresses.join(', '));
      expect(!addresses.includes('10.1.0.1/29'), did, 'no container with 10.1.0.1', addresses.join(', '));
    },
  },
  {
    id: 'host-local-exhausted',
    title: 'ADD is refused where no address is left, and succeeds after a DEL',
    rule: rules.hostLocalStart,
    needs,
    async run(world) {
      const holders = [];
      for (let i = 0; i < 3; i++) holders.push(await lessee(world, small));
      for (const holder of holders) await holder.added();
      const late = await lessee(world, small);
      refused(await late.add());
      expect(
        world.leased().length === 3,
        'ADD for a fourth container of three addresses',
        'three leases',
        world.leased().join(', '),
      );
      const [first] = holders;
      if (first !== undefined) silent(await first.del());
      await late.added();
    },
  },
  {
    id: 'host-local-range',
    title: 'rangeStart and rangeEnd bound what is given',
    rule: rules.hostLocalStart,
    needs,
    async run(world) {
      const addresses: string[] = [];
      for (let i = 0; i < 3; i++) addresses.push(...(await given(await lessee(world, small))));
      const wanted = ['10.1.0.10/24', '10.1.0.11/24', '10.1.0.12/24'];
      expect(
        String(addresses.toSorted()) === String(wanted),
        'ADD for three containers',
        wanted.join(', '),
        addresses.join(', '),
      );
    },
  },
  {
    id: 'host-local-gateway',
    title: 'The gateway is .1, or what the range says, and is in the result',
    rule: rules.hostLocalGateway,
    needs,
    async run(world) {
      for (const [more, wanted] of [
        [{}, '10.1.0.1'],
        [{ gateway: '10.1.0.254' }, '10.1.0.254'],
      ] as const) {
        const ended = await (await lessee(world, { subnet, ...more })).add();
        const seen = objectsOf(resultOf(ended).ips)[0]?.gateway;
        expect(seen === wanted, ended.did, `gateway ${wanted}`, String(seen));
      }
    },
  },
  {
    id: 'host-local-range-sets',
    title: 'Each range set gives one address',
    rule: rules.hostLocalRanges,
    needs,
    async run(world) {
      const ranges = [
        [{ subnet }],
        [{ subnet: '10.2.0.0/24' }, { subnet: '10.3.0.0/24' }],
        [{ subnet: 'fd00:1::/64' }],
      ];
      const addresses = await given(await lessee(world, { ranges }));
      const good = addresses.length === 3 && addresses[0]?.endsWith('/24') && addresses[2]?.endsWith('/64');
      expect(good === true, 'ADD with three range sets', 'three addresses, in their order', addresses.join(', '));
    },
  },
  {
    id: 'host-local-partial-failure',
    title: 'Where one range set has nothing left, no lease of another is kept',
    rule: rules.failedAdd,
    needs,
    async run(world) {
      const ranges = [[{ subnet }], [{ subnet: '10.2.0.0/24', rangeStart: '10.2.0.9', rangeEnd: '10.2.0.9' }]];
      await given(await lessee(world, { ranges }));
      const late = await lessee(world, { ranges });
      refused(await late.add());
      const ended = await late.del();
      expect(
        world.leased().length === 2,
        ended.did,
        'the two leases of the first container',
        world.leased().join(', '),
      );
    },
  },
  {
    id: 'host-local-routes',
    title: 'routes are in the result',
    rule: rules.hostLocalRoutes,
    needs,
    async run(world) {
      const routes = [{ dst: '0.0.0.0/0' }, { dst: '10.9.0.0/16', gw: '10.1.0.9' }];
      const ended = await (await lessee(world, { subnet, routes })).add();
      const seen = JSON.stringify(objectsOf(resultOf(ended).routes).map(({ dst, gw }) => ({ dst, gw })));
      expect(seen === JSON.stringify(routes), ended.did, JSON.stringify(routes), seen);
    },
  },
  {
    id: 'host-local-resolver',
    title: 'resolvConf becomes the DNS of the result',
    rule: rules.hostLocalResolver,
    needs,
    async run(world) {
      const file = join(world.directory, 'resolv.conf');
      writeFileSync(file, 'nameserver 10.1.0.53\nsearch x.test\noptions ndots:3\n');
      const ended = await (await lessee(world, { subnet, resolvConf: file })).add();
      const { dns } = resultOf(ended);
      const wanted = { nameservers: ['10.1.0.53'], search: ['x.test'], options: ['ndots:3'] };
      const same = isObject(dns) && Object.entries(wanted).every(([key, value]) => String(dns[key]) === String(value));
      expect(same, ended.did, JSON.stringify(wanted), JSON.stringify(dns));
    },
  },
  {
    id: 'host-local-requested',
    title: 'An address that is asked for is the one that is given',
    rule: rules.hostLocalRequested,
    needs,
    async run(world) {
      const asked: readonly [Partial<Call>, Configuration][] = [
        [{ args: 'IgnoreUnknown=1;IP=10.1.0.77' }, {}],
        [{}, { runtimeConfig: { ips: ['10.1.0.77'] } }],
        [{}, { args: { cni: { ips: ['10.1.0.77'] } } }],
      ];
      for (const [call, more] of asked) {
        const attachment = await lessee(world, { subnet }, call, more);
        const ended = await attachment.add();
        const seen = objectsOf(resultOf(ended).ips)[0]?.address;
        expect(seen === '10.1.0.77/24', ended.did, '10.1.0.77/24', String(seen));
        silent(await attachment.del());
      }
    },
  },
  {
    id: 'host-local-requested-unavailable',
    title: 'ADD is refused where the address that is asked for is taken, elsewhere, or the gateway',
    rule: rules.hostLocalUnavailable,
    needs,
    async run(world) {
      const ask = (ip: string) => lessee(world, { subnet }, {}, { runtimeConfig: { ips: [ip] } });
      await (await ask('10.1.0.77')).added();
      for (const ip of ['10.1.0.77', '10.99.0.1', '10.1.0.1']) refused(await (await ask(ip)).add());
      expect(
        String(world.leased()) === '10.1.0.77',
        'three ADDs that were refused',
        'one lease',
        world.leased().join(', '),
      );
    },
  },
  {
    id: 'host-local-ranges-capability',
    title: 'ipRanges of runtimeConfig are ranges',
    rule: rules.hostLocalRangesCapability,
    needs,
    async run(world) {
      const more = { runtimeConfig: { ipRanges: [[{ subnet: '10.8.0.0/24' }]] } };
      const addresses = await given(await lessee(world, {}, {}, more));
      expect(String(addresses) === '10.8.0.2/24', 'ADD with ipRanges', '10.8.0.2/24', String(addresses));
    },
  },
  {
    id: 'host-local-networks-apart',
    title: 'Networks of one dataDir do not share leases',
    rule: rules.hostLocalFiles,
    needs,
    async run(world) {
      const [here, there] = [
        await lessee(world, small),
        await lessee(world, small, {}, { name: `${world.network}-b` }),
      ];
      const addresses = [...(await given(here)), ...(await given(there))];
      expect(new Set(addresses).size === 1, 'ADD on two networks', 'the same address on both', addresses.join(', '));
      succeeded(await there.del());
      expect(
        world.leased().length === 1,
        'DEL on the other network',
        'the lease of this one',
        world.leased().join(', '),
      );
    },
  },
  {
    id: 'host-local-check-lease-gone',
    title: 'CHECK fails where the lease is gone',
    rule: rules.untrackedResource,
    needs,
    async run(world) {
      const attachment = await lessee(world, { subnet });
      const result = await attachment.added();
      silent(await attachment.check(result));
      const address = world.leased()[0] ?? '';
      world.takeLease(address);
      refused(await attachment.check(result));
    },
  },
];
