import { expect } from 'vitest';
import type { Route } from '../../../host/kernel/kernel.ts';
import { type Behaviour, expectErrno, ip, makeRunningVeth, makeVeth, prefix, routesOf, type World } from './world.ts';

/** `eth0`, running, with 10.0.0.2/24 and fd00::2/64. */
function makeRoutedVeth(world: World) {
  const { eth } = makeRunningVeth(world);
  world.sandbox.addAddress(eth, prefix('10.0.0.2/24'));
  world.sandbox.addAddress(eth, prefix('fd00::2/64'));
  const { sandbox } = world;
  // Even without detection of duplicates, IPv6 addresses are tentative for a moment.
  sandbox.waitUntilUsable(eth, 2000);
  return {
    eth,
    add: (route: Route) => sandbox.addRoute(route),
    replace: (route: Route) => sandbox.replaceRoute(route),
    remove: (route: Route) => sandbox.removeRoute(route),
    to: (destination: string) => routesOf(sandbox).filter((route) => route.startsWith(`${destination} `)),
  };
}

const four = prefix('10.5.0.0/16');
const six = prefix('fd05::/64');

export const routeBehaviours: readonly Behaviour[] = [
  {
    name: 'a route by a gateway finds its link, and reads back with all that it has',
    run: (world) => {
      const { eth, add, remove } = makeRoutedVeth(world);
      add({ destination: four, gateway: ip('10.0.0.1'), mtu: 1400, advertisedMss: 1360, priority: 7, protocol: 4 });
      add({ destination: six, gateway: ip('fd00::1'), mtu: 1400 });
      const made = world.sandbox.routes().filter(({ destination }) => destination === four || destination === six);
      expect(made).toEqual([
        {
          destination: four,
          gateway: '10.0.0.1',
          index: eth,
          priority: 7,
          table: 254,
          scope: 0,
          protocol: 4,
          mtu: 1400,
          advertisedMss: 1360,
        },
        {
          destination: six,
          gateway: 'fd00::1',
          index: eth,
          priority: 1024,
          table: 254,
          scope: 0,
          protocol: 3,
          mtu: 1400,
        },
      ]);
      for (const route of made) remove(route);
      for (const route of made) expectErrno(() => remove(route), 'ESRCH');
      for (const none of ['0.0.0.0/0', '::/0']) expectErrno(() => remove({ destination: prefix(none) }), 'ESRCH');
    },
  },
  {
    name: 'default routes are routes to 0.0.0.0/0 and ::/0',
    run: (world) => {
      const { add, to } = makeRoutedVeth(world);
      add({ destination: prefix('0.0.0.0/0'), gateway: ip('10.0.0.1') });
      add({ destination: prefix('::/0'), gateway: ip('fd00::1') });
      expect([...to('0.0.0.0/0'), ...to('::/0')]).toEqual(['0.0.0.0/0 via 10.0.0.1 eth0', '::/0 via fd00::1 eth0']);
    },
  },
  {
    name: 'host bits of a destination do not count',
    run: (world) => {
      const { eth, add, remove, to } = makeRoutedVeth(world);
      add({ destination: prefix('10.5.1.7/16'), index: eth });
      add({ destination: prefix('fd05::7/64'), index: eth });
      expect([...to('10.5.0.0/16'), ...to('fd05::/64')]).toEqual(['10.5.0.0/16 eth0', 'fd05::/64 eth0']);
      remove({ destination: prefix('10.5.9.9/16') });
      remove({ destination: prefix('fd05::9/64') });
    },
  },
  {
    name: 'a gateway that no route leads to is unreachable, in the words of its family',
    run: (world) => {
      const { eth, add } = makeRoutedVeth(world);
      expectErrno(
        () => add({ destination: four, gateway: ip('10.77.0.1') }),
        'ENETUNREACH',
        'Nexthop has invalid gateway',
      );
      expectErrno(() => add({ destination: four, gateway: ip('10.77.0.1'), index: eth }), 'ENETUNREACH');
      expectErrno(() => add({ destination: six, gateway: ip('fd77::1') }), 'EHOSTUNREACH');
      expectErrno(() => add({ destination: six, gateway: ip('fd77::1'), index: eth }), 'EHOSTUNREACH');
    },
  },
  {
    name: 'a gateway behind a gateway is none',
    run: (world) => {
      const { add } = makeRoutedVeth(world);
      add({ destination: four, gateway: ip('10.0.0.1') });
      add({ destination: six, gateway: ip('fd00::1') });
      expectErrno(() => add({ destination: prefix('10.6.0.0/16'), gateway: ip('10.5.0.1') }), 'ENETUNREACH');
      expectErrno(() => add({ destination: prefix('fd06::/64'), gateway: ip('fd05::1') }), 'EHOSTUNREACH');
    },
  },
  {
    name: 'onlink takes any gateway, but needs a link',
    run: (world) => {
      const { eth, add, to } = makeRoutedVeth(world);
      expectErrno(() => add({ destination: four, gateway: ip('10.77.0.1'), onLink: true }), 'ENODEV');
      expectErrno(() => add({ destination: six, gateway: ip('fd77::1'), onLink: true }), 'ENODEV');
      add({ destination: four, gateway: ip('10.77.0.1'), onLink: true, index: eth });
      add({ destination: six, gateway: ip('fd77::1'), onLink: true, index: eth });
      expect([...to(four), ...to(six)]).toEqual(['10.5.0.0/16 via 10.77.0.1 eth0', 'fd05::/64 via fd77::1 eth0']);
      expect(world.sandbox.routes().filter(({ onLink }) => onLink)).toHaveLength(2);
    },
  },
  {
    name: 'gateways that cannot be gateways are EINVAL',
    run: (world) => {
      const { eth, add } = makeRoutedVeth(world);
      const refused: readonly Route[] = [
        { destination: four, gateway: ip('10.0.0.255') },
        { destination: four, gateway: ip('224.0.0.1'), index: eth, onLink: true },
        { destination: six, gateway: ip('fd00::2') },
        { destination: six, gateway: ip('ff02::1'), index: eth },
        { destination: six, gateway: ip('fe80::1') },
        { destination: six, gateway: ip('10.0.0.1') },
      ];
      for (const route of refused) expectErrno(() => add(route), 'EINVAL');
      add({ destination: four, gateway: ip('10.0.0.2') });
      add({ destination: six, gateway: ip('fe80::1'), index: eth });
    },
  },
  {
    name: 'an IPv4 route may have an IPv6 gateway',
    run: (world) => {
      const { eth, add, remove, to } = makeRoutedVeth(world);
      add({ destination: four, gateway: ip('fd00::1') });
      expect(to(four)).toEqual(['10.5.0.0/16 via fd00::1 eth0']);
      expectErrno(() => add({ destination: four, gateway: ip('fd00::1'), index: eth }), 'EEXIST');
      remove({ destination: four, gateway: ip('fd00::1') });
    },
  },
  {
    name: 'a link that is down takes no routes',
    run: (world) => {
      const { sandbox } = world;
      const { eth } = makeVeth(world);
      sandbox.addAddress(eth, prefix('10.0.0.2/24'));
      sandbox.addAddress(eth, prefix('fd00::2/64'), { noDad: true });
      for (const destination of [four, six]) {
        expectErrno(() => sandbox.addRoute({ destination, index: eth }), 'ENETDOWN');
        const gateway = destination === four ? ip('10.0.0.1') : ip('fd00::1');
        expectErrno(() => sandbox.addRoute({ destination, gateway, index: eth, onLink: true }), 'ENETDOWN');
        expectErrno(
          () => sandbox.addRoute({ destination, gateway, index: eth }),
          destination === four ? 'ENETUNREACH' : 'EHOSTUNREACH',
        );
      }
    },
  },
  {
    name: 'a route needs a link that is there',
    run: (world) => {
      const { add } = makeRoutedVeth(world);
      for (const destination of [four, six]) {
        expectErrno(() => add({ destination }), 'ENODEV');
        expectErrno(() => add({ destination, index: 999 }), 'ENODEV');
        expectErrno(() => add({ destination, index: 0 }), 'ENODEV');
      }
      expect(world.sandbox.routes({ index: 999 })).toEqual([]);
    },
  },
  {
    name: 'a source has to be an address of its own',
    run: (world) => {
      const { eth, add } = makeRoutedVeth(world);
      expectErrno(
        () => add({ destination: four, index: eth, source: ip('10.9.9.9') }),
        'EINVAL',
        'Invalid prefsrc address',
      );
      expectErrno(
        () => add({ destination: six, index: eth, source: ip('fd99::9') }),
        'EINVAL',
        'Invalid source address',
      );
      add({ destination: four, index: eth, source: ip('10.0.0.2') });
      add({ destination: six, index: eth, source: ip('fd00::2') });
    },
  },
  {
    name: 'the same route again is EEXIST, another gateway a further route',
    run: (world) => {
      const { eth, add, to } = makeRoutedVeth(world);
      for (const gateway of ['10.0.0.1', '10.0.0.3']) {
        add({ destination: four, gateway: ip(gateway) });
        expectErrno(() => add({ destination: four, gateway: ip(gateway) }), 'EEXIST');
      }
      for (const gateway of ['fd00::1', 'fd00::3']) {
        add({ destination: six, gateway: ip(gateway) });
        expectErrno(() => add({ destination: six, gateway: ip(gateway) }), 'EEXIST');
      }
      add({ destination: four, index: eth });
      add({ destination: six, index: eth });
      expect(to(four)).toEqual(['10.5.0.0/16 eth0', '10.5.0.0/16 via 10.0.0.3 eth0', '10.5.0.0/16 via 10.0.0.1 eth0']);
      expect(to(six).sort()).toEqual(['fd05::/64 eth0', 'fd05::/64 via fd00::1 eth0', 'fd05::/64 via fd00::3 eth0']);
    },
  },
  {
    name: 'what else differs makes another IPv4 route, and the same IPv6 route',
    run: (world) => {
      const { add, to } = makeRoutedVeth(world);
      for (const [destination, gateway] of [
        [four, ip('10.0.0.1')],
        [six, ip('fd00::1')],
      ] as const) {
        add({ destination, gateway });
        add({ destination, gateway, priority: 5 });
        const others = [{ protocol: 4 }, { mtu: 1400 }];
        for (const other of others) {
          const again = () => add({ destination, gateway, ...other });
          if (destination === four) again();
          else expectErrno(again, 'EEXIST');
        }
      }
      expect(to(four)).toHaveLength(4);
      expect(to(six)).toHaveLength(2);
    },
  },
  {
    name: 'replacing takes the place of the first IPv4 route, or makes it',
    run: (world) => {
      const { add, replace, to } = makeRoutedVeth(world);
      replace({ destination: four, gateway: ip('10.0.0.1') });
      replace({ destination: four, gateway: ip('10.0.0.1') });
      add({ destination: four, gateway: ip('10.0.0.3') });
      replace({ destination: four, gateway: ip('10.0.0.7') });
      expect(to(four)).toEqual(['10.5.0.0/16 via 10.0.0.7 eth0', '10.5.0.0/16 via 10.0.0.1 eth0']);
      expectErrno(() => replace({ destination: four, gateway: ip('10.0.0.1') }), 'EEXIST');
      replace({ destination: four, gateway: ip('10.0.0.1'), priority: 9 });
      expect(to(four)).toHaveLength(3);
    },
  },
  {
    name: 'replacing takes the place of all IPv6 next hops, and leaves a route without gateway alone',
    run: (world) => {
      const { eth, add, replace, to } = makeRoutedVeth(world);
      add({ destination: six, gateway: ip('fd00::1') });
      add({ destination: six, gateway: ip('fd00::3') });
      add({ destination: six, index: eth });
      replace({ destination: six, gateway: ip('fd00::7') });
      expect(to(six).sort()).toEqual(['fd05::/64 eth0', 'fd05::/64 via fd00::7 eth0']);
      replace({ destination: six, gateway: ip('fd00::7'), priority: 9 });
      expect(to(six)).toHaveLength(3);
    },
  },
  {
    name: 'removing takes the first that has what is asked for',
    run: (world) => {
      const { eth, add, remove, to } = makeRoutedVeth(world);
      add({ destination: four, gateway: ip('10.0.0.1') });
      add({ destination: four, gateway: ip('10.0.0.3'), mtu: 1400 });
      add({ destination: four, gateway: ip('10.0.0.1'), priority: 9 });
      const misses: readonly Partial<Route>[] = [
        { gateway: ip('10.0.0.8') },
        { index: 999 },
        { priority: 8 },
        { protocol: 4 },
        { scope: 253 },
        { source: ip('10.0.0.2') },
        { mtu: 1300 },
        { kind: 'blackhole' },
        { table: 100 },
      ];
      for (const miss of misses) expectErrno(() => remove({ destination: four, ...miss }), 'ESRCH');
      remove({ destination: four, gateway: ip('10.0.0.1'), index: eth });
      remove({ destination: four, gateway: ip('10.0.0.1') });
      expect(to(four)).toEqual(['10.5.0.0/16 via 10.0.0.3 eth0']);
      remove({ destination: four });
      expectErrno(() => remove({ destination: four }), 'ESRCH');
    },
  },
  {
    name: 'removing an IPv6 route without a gateway takes all next hops of the first',
    run: (world) => {
      const { add, remove, to } = makeRoutedVeth(world);
      for (const gateway of ['fd00::1', 'fd00::3', 'fd00::4']) add({ destination: six, gateway: ip(gateway) });
      add({ destination: six, gateway: ip('fd00::9'), priority: 2000 });
      expectErrno(() => remove({ destination: six, gateway: ip('fd00::8') }), 'ESRCH');
      remove({ destination: six, gateway: ip('fd00::4') });
      expect(to(six)).toHaveLength(3);
      remove({ destination: six });
      expect(to(six)).toEqual(['fd05::/64 via fd00::9 eth0']);
    },
  },
  {
    name: 'tables are apart, and one that has no routes is empty',
    run: (world) => {
      const { add, remove } = makeRoutedVeth(world);
      add({ destination: prefix('0.0.0.0/0'), gateway: ip('10.0.0.1'), table: 1000 });
      add({ destination: prefix('::/0'), gateway: ip('fd00::1'), table: 1000 });
      expect(routesOf(world.sandbox, 1000)).toEqual(['0.0.0.0/0 via 10.0.0.1 eth0', '::/0 via fd00::1 eth0']);
      expect(routesOf(world.sandbox, 1001)).toEqual([]);
      expectErrno(() => remove({ destination: prefix('0.0.0.0/0') }), 'ESRCH');
      expectErrno(() => remove({ destination: prefix('0.0.0.0/0'), table: 1001 }), 'ESRCH');
      remove({ destination: prefix('0.0.0.0/0'), table: 1000 });
    },
  },
  {
    name: 'a blackhole has no link and outlives them all',
    run: (world) => {
      const { eth, add, remove } = makeRoutedVeth(world);
      add({ kind: 'blackhole', destination: four });
      add({ kind: 'blackhole', destination: six });
      world.sandbox.changeLink(eth, { up: false });
      expect(world.sandbox.routes()).toEqual([
        { kind: 'blackhole', destination: four, table: 254, scope: 0, protocol: 3 },
        { kind: 'blackhole', destination: six, priority: 1024, table: 254, scope: 0, protocol: 3 },
      ]);
      expectErrno(() => remove({ destination: four }), 'ESRCH');
      remove({ kind: 'blackhole', destination: four });
      remove({ kind: 'blackhole', destination: six });
    },
  },
  {
    name: 'an address that goes takes IPv4 routes from it along; IPv6 routes forget it',
    run: (world) => {
      const { eth, add, to } = makeRoutedVeth(world);
      add({ destination: four, index: eth, source: ip('10.0.0.2') });
      add({ destination: prefix('10.6.0.0/16'), gateway: ip('10.0.0.1') });
      add({ destination: six, index: eth, source: ip('fd00::2') });
      world.sandbox.addAddress(eth, prefix('10.44.0.2/24'));
      world.sandbox.removeAddress(eth, prefix('10.0.0.2/24'));
      world.sandbox.removeAddress(eth, prefix('fd00::2/64'));
      expect([...to('10.0.0.0/24'), ...to(four), ...to('fd00::/64')]).toEqual([]);
      expect([...to('10.6.0.0/16'), ...to(six)]).toEqual(['10.6.0.0/16 via 10.0.0.1 eth0', 'fd05::/64 eth0']);
      expect(world.sandbox.routes().find(({ destination }) => destination === six)?.source).toBeUndefined();
    },
  },
  {
    name: 'the last IPv4 address of a link takes all its IPv4 routes along',
    run: (world) => {
      const { eth, add, to } = makeRoutedVeth(world);
      add({ destination: four, gateway: ip('10.0.0.1') });
      add({ kind: 'local', destination: prefix('10.7.0.1/32'), index: eth, table: 255 });
      world.sandbox.removeAddress(eth, prefix('10.0.0.2/24'));
      expect(to(four)).toEqual([]);
      expect(routesOf(world.sandbox, 255).filter((route) => route.startsWith('10.'))).toEqual([]);
    },
  },
  {
    name: "a link's removal takes its routes along, and only those",
    run: (world) => {
      const { eth } = makeRoutedVeth(world);
      const other = makeRunningVeth(world, 'veth1', 'eth1').eth;
      world.sandbox.addAddress(other, prefix('10.9.0.2/24'));
      expect(world.sandbox.routes({ index: other }).filter(({ source }) => source)).toHaveLength(1);
      world.sandbox.removeLink(eth);
      expect(routesOf(world.sandbox).filter((route) => !route.startsWith('fe80'))).toEqual(['10.9.0.0/24 eth1']);
    },
  },
  {
    name: 'metrics that are too great are capped, and 0 is none; IPv4 routes are removed by what they became',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      world.sandbox.addAddress(eth, prefix('10.1.0.2/24'));
      for (const destination of [prefix('10.9.0.0/16'), prefix('fd09::/64')]) {
        const route = { destination, index: eth };
        const find = () => world.sandbox.routes().find((one) => one.destination === destination);
        world.sandbox.addRoute({ ...route, mtu: 100_000, advertisedMss: 0xffff_ffff });
        expect(find()).toMatchObject({ mtu: 65520, advertisedMss: 65495 });
        if (destination.includes('.'))
          expectErrno(() => world.sandbox.removeRoute({ ...route, mtu: 100_000 }), 'ESRCH');
        world.sandbox.removeRoute({ ...route, ...find() });
        world.sandbox.addRoute({ ...route, mtu: 0, advertisedMss: 0 });
        expect(find()).not.toHaveProperty('mtu');
        expect(find()).not.toHaveProperty('advertisedMss');
        world.sandbox.removeRoute({ ...route, mtu: 0 });
        expect(find()).toBe(undefined);
      }
    },
  },
  {
    name: 'the IPv6 address of all zeros is no gateway, of routes of either family',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      world.sandbox.addAddress(eth, prefix('10.1.0.2/24'));
      for (const destination of [prefix('10.9.0.0/16'), prefix('fd09::/64')]) {
        for (const onLink of [true, false]) {
          const route = { destination, index: eth, gateway: ip('::'), onLink };
          expectErrno(() => world.sandbox.addRoute(route), 'EINVAL');
        }
      }
    },
  },
];
