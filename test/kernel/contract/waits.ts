import { expect } from 'vitest';
import { Deadline } from '../../../host/system/deadline.ts';
import {
  type Behaviour,
  eventually,
  expectErrno,
  makeBridge,
  makeRunningVeth,
  makeVeth,
  prefix,
  type World,
} from './world.ts';

/** A bridge with two ports, `eth0` and `eth1` of the sandbox behind them, all running. */
function makeSegment(world: World) {
  const bridge = makeBridge(world);
  world.host.changeLink(bridge, { up: true });
  const veths = [makeRunningVeth(world), makeRunningVeth(world, 'veth1', 'eth1')] as const;
  for (const { port } of veths) {
    world.host.changeLink(port, { controller: bridge });
    world.host.waitUntilUp(port, 2000);
  }
  return { one: veths[0].eth, two: veths[1].eth };
}

export const waitBehaviours: readonly Behaviour[] = [
  {
    name: 'waiting for a link that comes up ends when it is up',
    run: (world) => {
      const { port, eth } = makeVeth(world);
      world.host.changeLink(port, { up: true });
      world.sandbox.changeLink(eth, { up: true });
      world.host.waitUntilUp(port, 2000);
      world.sandbox.waitUntilUp(eth, 2000);
      expect(world.host.linkByIndex(port)?.state).toBe('up');
    },
  },
  {
    name: 'waiting for a link that stays down is ETIMEDOUT with its state, within the time or the deadline',
    run: (world) => {
      const { port } = makeVeth(world);
      expectErrno(() => world.host.waitUntilUp(port, 20), 'ETIMEDOUT', 'its state is down');
      const start = performance.now();
      world.kernel.deadline = Deadline.in(20);
      expectErrno(() => world.host.waitUntilUp(port, 60_000), 'ETIMEDOUT');
      world.kernel.deadline = Deadline.in(-1);
      expectErrno(() => world.host.waitUntilUp(port, 60_000), 'ETIMEDOUT');
      expect(performance.now() - start).toBeLessThan(5000);
      expect(world.host.linkByIndex(port)?.name).toBe('veth0');
    },
  },
  {
    name: 'waiting for a link that is not there is ENODEV',
    run: ({ host }) => {
      for (const index of [0, 999]) {
        expectErrno(() => host.waitUntilUp(index, 20), 'ENODEV');
        expectErrno(() => host.waitUntilUsable(index, 20), 'ENODEV');
      }
    },
  },
  {
    name: 'addresses are tentative until nobody has objected',
    run: (world) => {
      const { eth } = makeRunningVeth(world);
      world.sandbox.writeSysctl('ipv6/conf/eth0/accept_dad', '1');
      world.sandbox.addAddress(eth, prefix('fd00::1/64'));
      const state = () => world.sandbox.addresses(eth).find((address) => address.prefix === 'fd00::1/64')?.state;
      expect(state()).toBe('tentative');
      world.sandbox.waitUntilUsable(eth, 5000);
      expect(state()).toBe('usable');
      // The kernel tells of the address before it makes the route to it.
      const local = () => world.sandbox.routes({ table: 255 }).map(({ destination }) => destination);
      eventually(() => expect(local()).toContain('fd00::1/128'));
    },
  },
  {
    name: 'addresses of a link without carrier stay tentative',
    run: (world) => {
      const { eth } = makeVeth(world);
      world.sandbox.addAddress(eth, prefix('fd00::1/64'));
      expectErrno(() => world.sandbox.waitUntilUsable(eth, 20), 'ETIMEDOUT', 'tentative still: fd00::1/64');
      world.sandbox.changeLink(eth, { up: true });
      expectErrno(() => world.sandbox.waitUntilUsable(eth, 20), 'ETIMEDOUT');
    },
  },
  {
    name: 'an address that somebody on the segment has is EADDRINUSE',
    run: (world) => {
      const { one, two } = makeSegment(world);
      world.sandbox.addAddress(one, prefix('fd00::1/64'), { noDad: true });
      world.sandbox.writeSysctl('ipv6/conf/eth1/accept_dad', '1');
      world.sandbox.addAddress(two, prefix('fd00::1/64'));
      expectErrno(() => world.sandbox.waitUntilUsable(two, 5000), 'EADDRINUSE', 'fd00::1/64');
      expect(world.sandbox.addresses(two).find((address) => address.prefix === 'fd00::1/64')?.state).toBe('duplicate');
    },
  },
];
