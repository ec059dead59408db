import { expect } from 'vitest';
import {
  type Behaviour,
  eventually,
  expectErrno,
  indexOf,
  ip,
  mac,
  makeBridge,
  makeRunningVeth,
  makeVeth,
  prefix,
  prefixesOf,
  routesOf,
  withoutLinkLocal,
} from './world.ts';

export const addressBehaviours: readonly Behaviour[] = [
  {
    name: 'the loopback link gets its addresses when it is set up, and loses the IPv6 one when it is set down',
    run: ({ sandbox }) => {
      sandbox.changeLink(1, { up: true });
      expect(sandbox.addresses(1)).toEqual([
        { prefix: '127.0.0.1/8', index: 1, state: 'usable', scope: 254 },
        { prefix: '::1/128', index: 1, state: 'usable', scope: 254 },
      ]);
      expect(routesOf(sandbox)).toEqual([]);
      expect(routesOf(sandbox, 255)).toEqual(['127.0.0.0/8 lo', '127.0.0.1/32 lo', '::1/128 lo']);
      sandbox.changeLink(1, { up: false });
      expect(prefixesOf(sandbox, 1)).toEqual(['127.0.0.1/8']);
    },
  },
  {
    name: 'the loopback link gets back an address that was taken away when it is set up again',
    run: ({ sandbox }) => {
      sandbox.changeLink(1, { up: true });
      sandbox.removeAddress(1, prefix('127.0.0.1/8'));
      expect(prefixesOf(sandbox, 1)).toEqual(['::1/128']);
      sandbox.changeLink(1, { up: true });
      expect(prefixesOf(sandbox, 1)).toEqual(['::1/128']);
      sandbox.addAddress(1, prefix('10.1.2.3/32'));
      sandbox.changeLink(1, { up: false });
      sandbox.changeLink(1, { up: true });
      expect(prefixesOf(sandbox, 1).sort()).toEqual(['10.1.2.3/32', '127.0.0.1/8', '::1/128']);
    },
  },
  {
    name: 'an address brings a route to itself at once, and to its network when the link is up',
    run: (world) => {
      const { sandbox } = world;
      const { eth } = makeVeth(world);
      sandbox.addAddress(eth, prefix('10.1.2.3/24'));
      sandbox.addAddress(eth, prefix('fd00::3/64'), { noDad: true });
      expect(sandbox.addresses(eth)).toEqual([
        { prefix: '10.1.2.3/24', index: eth, state: 'usable', scope: 0 },
        { prefix: 'fd00::3/64', index: eth, state: 'usable', scope: 0 },
      ]);
      expect(routesOf(sandbox)).toEqual([]);
      eventually(() =>
        expect(sandbox.routes({ table: 255 })).toEqual([
          {
            destination: '10.1.2.3/32',
            kind: 'local',
            source: '10.1.2.3',
            table: 255,
            scope: 254,
            protocol: 2,
            index: eth,
          },
          { destination: 'fd00::3/128', kind: 'local', table: 255, scope: 0, protocol: 2, index: eth },
        ]),
      );
      sandbox.changeLink(eth, { up: true });
      eventually(() =>
        expect(sandbox.routes()).toEqual([
          { destination: '10.1.2.0/24', source: '10.1.2.3', table: 254, scope: 253, protocol: 2, index: eth },
          { destination: 'fd00::/64', priority: 256, table: 254, scope: 0, protocol: 2, index: eth },
        ]),
      );
    },
  },
  {
    name: 'an address that is there is EEXIST, for IPv6 whatever the length',
    run: (world) => {
      const { eth } = makeVeth(world);
      const add = (text: string) => world.sandbox.addAddress(eth, prefix(text));
      add('10.1.2.3/24');
      expectErrno(() => add('10.1.2.3/24'), 'EEXIST', 'ipv4: Address already assigned');
      add('10.1.2.3/25');
      add('fd00::3/64');
      expectErrno(() => add('fd00::3/64'), 'EEXIST', 'ipv6: address already assigned');
      expectErrno(() => add('fd00::3/65'), 'EEXIST');
    },
  },
  {
    name: 'an address that is not there is EADDRNOTAVAIL, a link that is not there ENODEV',
    run: (world) => {
      const { eth } = makeVeth(world);
      const { sandbox } = world;
      sandbox.addAddress(eth, prefix('10.1.2.3/24'));
      sandbox.addAddress(eth, prefix('fd00::3/64'));
      for (const text of ['10.1.2.4/24', '10.1.2.3/25', 'fd00::4/64', 'fd00::3/65']) {
        expectErrno(() => sandbox.removeAddress(eth, prefix(text)), 'EADDRNOTAVAIL');
      }
      for (const text of ['10.1.2.3/24', 'fd00::3/64']) {
        expectErrno(() => sandbox.removeAddress(999, prefix(text)), 'ENODEV');
        expectErrno(() => sandbox.addAddress(999, prefix(text)), 'ENODEV');
        expectErrno(() => sandbox.addAddress(0, prefix(text)), 'ENODEV');
      }
      expect(sandbox.addresses(999)).toEqual([]);
      expect(sandbox.addresses()).toHaveLength(2);
    },
  },
  {
    name: 'IPv6 addresses that no link may have are EADDRNOTAVAIL',
    run: (world) => {
      const { eth } = makeVeth(world);
      for (const text of ['::/64', 'ff02::5/64', '::1/128']) {
        expectErrno(() => world.sandbox.addAddress(eth, prefix(text)), 'EADDRNOTAVAIL');
      }
    },
  },
  {
    name: 'the first IPv4 address of a network takes the later ones with it',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      const { sandbox } = world;
      for (const text of ['10.0.0.1/24', '10.0.0.2/24', '10.0.0.2/25', '10.0.1.1/24'])
        sandbox.addAddress(eth, prefix(text));
      sandbox.removeAddress(eth, prefix('10.0.0.1/24'));
      expect(withoutLinkLocal(prefixesOf(sandbox, eth)).sort()).toEqual(['10.0.0.2/25', '10.0.1.1/24']);
      expect(withoutLinkLocal(routesOf(sandbox))).toEqual(['10.0.0.0/25 eth0', '10.0.1.0/24 eth0']);
    },
  },
  {
    name: 'with promote_secondaries the next one takes its place',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      const { sandbox } = world;
      sandbox.writeSysctl('ipv4/conf/eth0/promote_secondaries', '1');
      for (const text of ['10.0.0.1/24', '10.0.0.2/24', '10.0.0.3/24']) sandbox.addAddress(eth, prefix(text));
      sandbox.removeAddress(eth, prefix('10.0.0.1/24'));
      expect(withoutLinkLocal(prefixesOf(sandbox, eth))).toEqual(['10.0.0.2/24', '10.0.0.3/24']);
      expect(sandbox.routes().find(({ destination }) => destination === '10.0.0.0/24')?.source).toBe('10.0.0.2');
    },
  },
  {
    name: 'an address may come without a route to its network; /32 and networks of zero never have one',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      world.sandbox.addAddress(eth, prefix('10.1.0.1/24'), { noPrefixRoute: true });
      world.sandbox.addAddress(eth, prefix('10.2.0.1/32'));
      world.sandbox.addAddress(eth, prefix('10.3.0.1/0'));
      world.sandbox.addAddress(eth, prefix('10.4.0.0/31'));
      world.sandbox.addAddress(eth, prefix('fd00::1/64'), { noPrefixRoute: true });
      world.sandbox.addAddress(eth, prefix('fd01::1/128'));
      expect(withoutLinkLocal(routesOf(world.sandbox))).toEqual(['10.4.0.0/31 eth0', 'fd01::1/128 eth0']);
    },
  },
  {
    name: 'a network keeps its IPv6 route as long as one address is in it',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      world.sandbox.addAddress(eth, prefix('fd00::1/64'));
      world.sandbox.addAddress(eth, prefix('fd00::2/64'));
      world.sandbox.removeAddress(eth, prefix('fd00::1/64'));
      expect(withoutLinkLocal(routesOf(world.sandbox))).toEqual(['fd00::/64 eth0']);
      world.sandbox.removeAddress(eth, prefix('fd00::2/64'));
      expect(withoutLinkLocal(routesOf(world.sandbox))).toEqual([]);
    },
  },
  {
    name: 'a link that is set down keeps IPv4 addresses and loses IPv6 ones, with all routes but those to itself',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      const { sandbox } = world;
      sandbox.addAddress(eth, prefix('10.1.2.3/24'));
      sandbox.addAddress(eth, prefix('fd00::3/64'));
      sandbox.addRoute({ destination: prefix('0.0.0.0/0'), gateway: ip('10.1.2.1') });
      sandbox.changeLink(eth, { up: false });
      expect(prefixesOf(sandbox, eth)).toEqual(['10.1.2.3/24']);
      expect(routesOf(sandbox)).toEqual([]);
      expect(routesOf(sandbox, 255)).toEqual(['10.1.2.3/32 eth0']);
      sandbox.changeLink(eth, { up: true });
      expect(withoutLinkLocal(routesOf(sandbox))).toEqual(['10.1.2.0/24 eth0']);
    },
  },
  {
    name: 'keep_addr_on_down keeps IPv6 addresses, but not the link-local one',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      const { sandbox } = world;
      sandbox.writeSysctl('ipv6/conf/eth0/keep_addr_on_down', '1');
      eventually(() => expect(prefixesOf(sandbox, eth)).toHaveLength(1));
      sandbox.addAddress(eth, prefix('fd00::3/64'), { noDad: true });
      sandbox.changeLink(eth, { up: false });
      expect(prefixesOf(sandbox, eth)).toEqual(['fd00::3/64']);
      expect(routesOf(sandbox, 255)).toEqual([]);
      sandbox.changeLink(eth, { up: true });
      eventually(() => expect(withoutLinkLocal(routesOf(sandbox))).toEqual(['fd00::/64 eth0']));
    },
  },
  {
    name: 'a link gets its link-local address when it is up and has a carrier',
    run: (world) => {
      const { port, eth } = makeVeth(world);
      world.sandbox.changeLink(eth, { mac: mac('0a:58:0a:01:02:03'), up: true });
      expect(prefixesOf(world.sandbox, eth)).toEqual([]);
      world.host.changeLink(port, { up: true });
      eventually(() => expect(prefixesOf(world.sandbox, eth)).toEqual(['fe80::858:aff:fe01:203/64']));
      expect(world.sandbox.addresses(eth)[0]).toMatchObject({ state: 'tentative', scope: 253 });
      world.host.changeLink(port, { up: false });
      expect(prefixesOf(world.sandbox, eth)).toEqual(['fe80::858:aff:fe01:203/64']);
    },
  },
  {
    name: 'a bridge gets its link-local address with its first running port',
    run: (world) => {
      const bridge = makeBridge(world);
      world.host.changeLink(bridge, { mac: mac('0a:00:00:00:00:01'), up: true });
      const { port } = makeRunningVeth(world);
      expect(prefixesOf(world.host, bridge)).toEqual([]);
      world.host.changeLink(port, { controller: bridge });
      eventually(() => expect(prefixesOf(world.host, bridge)).toEqual(['fe80::800:ff:fe00:1/64']));
    },
  },
  {
    name: 'disable_ipv6 takes the IPv6 addresses away and lets none in',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      const { sandbox } = world;
      sandbox.addAddress(eth, prefix('fd00::3/64'));
      sandbox.writeSysctl('ipv6/conf/eth0/disable_ipv6', '1');
      expect(prefixesOf(sandbox, eth)).toEqual([]);
      expect(routesOf(sandbox)).toEqual([]);
      expectErrno(() => sandbox.addAddress(eth, prefix('fd00::3/64')), 'EACCES', 'IPv6 is disabled on this device');
      sandbox.writeSysctl('ipv6/conf/eth0/disable_ipv6', '0');
      eventually(() => expect(prefixesOf(sandbox, eth)).toHaveLength(1));
    },
  },
  {
    name: 'IPv6 forgets a link whose MTU is below 1280',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      const { sandbox } = world;
      sandbox.addAddress(eth, prefix('10.1.2.3/24'));
      sandbox.addAddress(eth, prefix('fd00::3/64'));
      sandbox.changeLink(eth, { mtu: 1279 });
      expect(prefixesOf(sandbox, eth)).toEqual(['10.1.2.3/24']);
      expectErrno(() => sandbox.addAddress(eth, prefix('fd00::3/64')), 'EINVAL');
      expectErrno(() => sandbox.readSysctl('ipv6/conf/eth0/accept_dad'), 'ENOENT');
      expectErrno(() => sandbox.removeAddress(eth, prefix('fd00::1/64')), 'ENXIO');
      sandbox.changeLink(eth, { mtu: 1280 });
      expect(sandbox.readSysctl('ipv6/conf/eth0/accept_dad')).toBe('1');
      eventually(() => expect(withoutLinkLocal(prefixesOf(sandbox, eth))).toEqual(['10.1.2.3/24']));
    },
  },
  {
    name: 'a link that moves leaves its addresses behind',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      world.sandbox.addAddress(eth, prefix('10.1.2.3/24'));
      world.sandbox.addAddress(eth, prefix('fd00::3/64'));
      const { index } = world.sandbox.moveLink(eth, world.host, 'eth9');
      expect(prefixesOf(world.host, index)).toEqual([]);
      expect(world.sandbox.addresses()).toEqual([]);
      expect(routesOf(world.sandbox, 255)).toEqual([]);
      expect(indexOf(world.host, 'eth9')).toBe(index);
    },
  },
  {
    name: 'the route to an IPv6 network goes with the last address of just that network, not with one of a network within it',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      const { sandbox } = world;
      const networks = () => withoutLinkLocal(routesOf(sandbox)).sort();
      const change = (how: 'addAddress' | 'removeAddress', ...texts: readonly string[]) => {
        for (const text of texts) sandbox[how](eth, prefix(text));
      };
      change('addAddress', 'fd00::1/64', 'fd00::2/80', 'fd01::5/0', 'fd02::5/1');
      expect(networks()).toEqual(['8000::/1 eth0', '::/0 eth0', 'fd00::/64 eth0', 'fd00::/80 eth0']);
      change('removeAddress', 'fd00::1/64');
      expect(networks()).toEqual(['8000::/1 eth0', '::/0 eth0', 'fd00::/80 eth0']);
      change('removeAddress', 'fd01::5/0');
      expect(networks()).toEqual(['8000::/1 eth0', 'fd00::/80 eth0']);
      change('addAddress', 'fd00::1/64');
      change('removeAddress', 'fd02::5/1', 'fd00::2/80');
      expect(networks()).toEqual(['fd00::/64 eth0']);
    },
  },
  {
    name: 'an IPv6 address without a route to its network keeps the route of another, and leaves it there in the end',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      const { sandbox } = world;
      const networks = () => withoutLinkLocal(routesOf(sandbox));
      sandbox.addAddress(eth, prefix('fd00::2/64'), { noPrefixRoute: true });
      expect(networks()).toEqual([]);
      sandbox.addAddress(eth, prefix('fd00::1/64'));
      sandbox.removeAddress(eth, prefix('fd00::2/64'));
      expect(networks()).toEqual(['fd00::/64 eth0']);
      sandbox.addAddress(eth, prefix('fd00::2/64'), { noPrefixRoute: true });
      sandbox.removeAddress(eth, prefix('fd00::1/64'));
      expect(networks()).toEqual(['fd00::/64 eth0']);
      sandbox.removeAddress(eth, prefix('fd00::2/64'));
      expect(networks()).toEqual(['fd00::/64 eth0']);
    },
  },
];
