import { expect } from 'vitest';
import { KernelError } from '../../../host/kernel/errors.ts';
import type { NetworkNamespace } from '../../../host/kernel/kernel.ts';
import { type ErrnoName, errnoName } from '../../../host/system/errno.ts';
import { type Behaviour, ip, linkOf, makeVeth, prefix, stepErrorOf } from './world.ts';

function expectStep(body: () => void, position: number, errno: ErrnoName): void {
  const thrown = stepErrorOf(body);
  expect(thrown.position).toBe(position);
  const { cause } = thrown;
  if (!(cause instanceof KernelError)) expect.fail(`expected KernelError ${errno}, got ${cause}`);
  expect(errnoName(cause.errno)).toBe(errno);
  expect(cause.refused).toBe(true);
}

const addressesOf = (namespace: NetworkNamespace, index: number) => namespace.addresses(index).map((one) => one.prefix);

export const togetherBehaviours: readonly Behaviour[] = [
  {
    name: 'steps are taken in their order',
    run: (world) => {
      const { host, sandbox } = world;
      const { eth, port } = makeVeth(world);
      host.changeLink(port, { up: true });
      sandbox.together([
        () => sandbox.addAddress(eth, prefix('10.1.0.2/24')),
        () => sandbox.changeLink(eth, { up: true, mtu: 1400 }),
        () => sandbox.addRoute({ destination: prefix('0.0.0.0/0'), gateway: ip('10.1.0.1') }),
      ]);
      expect(addressesOf(sandbox, eth)).toContain('10.1.0.2/24');
      expect(linkOf(sandbox, 'eth0')).toMatchObject({ up: true, mtu: 1400 });
      expect(sandbox.routes({ index: eth })).toContainEqual(
        expect.objectContaining({ destination: '0.0.0.0/0', gateway: '10.1.0.1' }),
      );
    },
  },
  {
    name: 'a step sees what those before it have done, and so does what is not asked of netlink',
    run: (world) => {
      const { sandbox } = world;
      const { eth } = makeVeth(world);
      const seen: unknown[] = [];
      sandbox.together([
        () => sandbox.changeLink(eth, { alias: 'a' }),
        () => seen.push(sandbox.linkByIndex(eth)?.alias),
        () => sandbox.changeLink(eth, { name: 'net0' }),
        () => sandbox.writeSysctl('ipv4/conf/net0/arp_notify', '1'),
        () => seen.push(sandbox.readSysctl('ipv4/conf/net0/arp_notify')),
      ]);
      expect(seen).toEqual(['a', '1']);
    },
  },
  {
    name: 'the first that the kernel refuses is named; those before it are done',
    run: (world) => {
      const { sandbox } = world;
      const { eth } = makeVeth(world);
      const take = () =>
        sandbox.together([
          () => sandbox.addAddress(eth, prefix('10.1.0.2/24')),
          () => sandbox.addAddress(eth, prefix('10.1.0.2/24')),
          () => sandbox.addAddress(99, prefix('10.1.0.3/24')),
        ]);
      expectStep(take, 1, 'EEXIST');
      expect(addressesOf(sandbox, eth)).toContain('10.1.0.2/24');
      // And it goes on as before.
      sandbox.addAddress(eth, prefix('10.1.0.4/24'));
      expect(addressesOf(sandbox, eth)).toContain('10.1.0.4/24');
    },
  },
  {
    name: 'a refusal that is heard of in a later step is that of the step before',
    run: (world) => {
      const { sandbox } = world;
      const { eth } = makeVeth(world);
      const later: string[] = [];
      const take = () =>
        sandbox.together([
          () => sandbox.changeLink(eth, { up: true }),
          () => sandbox.removeAddress(eth, prefix('10.1.0.2/24')),
          () => {
            sandbox.links();
            later.push('looked');
          },
        ]);
      expectStep(take, 1, 'EADDRNOTAVAIL');
      expect(later).toEqual([]);
      expect(linkOf(sandbox, 'eth0').up).toBe(true);
    },
  },
  {
    name: 'what a step throws itself is that step’s',
    run: (world) => {
      const { sandbox } = world;
      const { eth } = makeVeth(world);
      const nothing = () => sandbox.writeSysctl('ipv4/conf/eth0/nosuch', '1');
      expectStep(() => sandbox.together([() => sandbox.changeLink(eth, { alias: 'a' }), nothing]), 1, 'ENOENT');
      for (const change of [{ name: 'a/b' }, { alias: 'a\0b' }])
        expectStep(() => sandbox.together([() => sandbox.changeLink(eth, change)]), 0, 'EINVAL');
      sandbox.together([]);
    },
  },
  {
    name: 'where a step throws by itself, those before it are done, and may be what failed',
    run: (world) => {
      const { sandbox } = world;
      const { eth } = makeVeth(world);
      const add = () => sandbox.addAddress(eth, prefix('10.1.0.2/24'));
      const bad = () => sandbox.changeLink(eth, { name: 'a/b' });
      expectStep(() => sandbox.together([add, bad]), 1, 'EINVAL');
      expect(addressesOf(sandbox, eth)).toContain('10.1.0.2/24');
      expectStep(() => sandbox.together([add, bad]), 0, 'EEXIST');
    },
  },
  {
    name: 'there may be many',
    run: (world) => {
      const { sandbox } = world;
      const { eth } = makeVeth(world);
      sandbox.changeLink(eth, { up: true });
      const steps = Array.from({ length: 200 }, (_, i) => () => sandbox.addAddress(eth, prefix(`10.1.${i}.1/24`)));
      sandbox.together(steps);
      expect(addressesOf(sandbox, eth).filter((one) => one.startsWith('10.1.'))).toHaveLength(200);
      const again = Array.from(
        { length: 200 },
        (_, i) => () => sandbox.addAddress(eth, prefix(`10.2.${i % 150}.1/24`)),
      );
      expectStep(() => sandbox.together(again), 150, 'EEXIST');
    },
  },
];
