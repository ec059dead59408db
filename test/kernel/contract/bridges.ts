import { expect } from 'vitest';
import {
  type Behaviour,
  eventually,
  expectErrno,
  linkOf,
  mac,
  makeBridge,
  makeRunningVeth,
  makeVeth,
} from './world.ts';

export const bridgeBehaviours: readonly Behaviour[] = [
  {
    name: 'a bridge is made once',
    run: (world) => {
      makeBridge(world);
      expect(linkOf(world.host, 'cni0')).toMatchObject({
        kind: 'bridge',
        mtu: 1500,
        transmitQueueLength: 1000,
        up: false,
      });
      expect(linkOf(world.host, 'cni0').details).toEqual({ kind: 'bridge', vlanFiltering: false });
      expectErrno(() => makeBridge(world), 'EEXIST', 'link "cni0" exists');
    },
  },
  {
    name: 'a new bridge without ports is neither up nor down, but has a link-local address',
    run: (world) => {
      const bridge = makeBridge(world);
      world.host.changeLink(bridge, { up: true });
      expect(world.host.linkByIndex(bridge)).toMatchObject({ up: true, state: 'unknown' });
      eventually(() => expect(world.host.addresses(bridge)).toHaveLength(1));
    },
  },
  {
    name: 'a bridge that has had ports is up when it is set up and one of them runs',
    run: (world) => {
      const bridge = makeBridge(world);
      const state = () => world.host.linkByIndex(bridge)?.state;
      world.host.changeLink(bridge, { up: true });
      const { port } = makeRunningVeth(world);
      world.host.changeLink(port, { controller: bridge });
      eventually(() => expect(state()).toBe('up'));
      world.host.changeLink(port, { controller: 0 });
      eventually(() => expect(state()).toBe('down'));
    },
  },
  {
    name: 'ports come and go, and moving from bridge to bridge is one change',
    run: (world) => {
      const [one, two] = [makeBridge(world, 'br1'), makeBridge(world, 'br2')];
      const { port } = makeVeth(world);
      expect(world.host.bridgePort(port)).toBeUndefined();
      world.host.changeLink(port, { controller: one });
      world.host.changeLink(port, { controller: one });
      expect(world.host.linkByIndex(port)?.controller).toBe(one);
      world.host.changeLink(port, { controller: two });
      expect(world.host.linkByIndex(port)?.controller).toBe(two);
      world.host.changeLink(port, { controller: 0 });
      world.host.changeLink(port, { controller: 0 });
      expect(world.host.linkByIndex(port)?.controller).toBeUndefined();
    },
  },
  {
    name: 'what cannot be a controller or a port is refused',
    run: (world) => {
      const bridge = makeBridge(world);
      const other = makeBridge(world, 'br1');
      const { port } = makeVeth(world);
      expectErrno(() => world.host.changeLink(port, { controller: 1 }), 'EOPNOTSUPP');
      expectErrno(() => world.host.changeLink(port, { controller: port }), 'EOPNOTSUPP');
      expectErrno(() => world.host.changeLink(port, { controller: 999 }), 'EINVAL');
      expectErrno(() => world.host.changeLink(1, { controller: bridge }), 'EINVAL');
      expectErrno(() => world.host.changeLink(other, { controller: bridge }), 'ELOOP');
      expectErrno(() => world.host.changeLink(bridge, { controller: bridge }), 'ELOOP');
    },
  },
  {
    name: 'a port that goes to what is no bridge has left the old one',
    run: (world) => {
      const bridge = makeBridge(world);
      const { port } = makeVeth(world);
      world.host.changeLink(port, { controller: bridge });
      expectErrno(() => world.host.changeLink(port, { controller: 1 }), 'EOPNOTSUPP');
      expect(world.host.linkByIndex(port)?.controller).toBeUndefined();
    },
  },
  {
    name: 'hairpin and isolation are set one by one, and go when the port leaves',
    run: (world) => {
      const bridge = makeBridge(world);
      const { port } = makeVeth(world);
      const read = () => world.host.bridgePort(port);
      world.host.changeLink(port, { controller: bridge });
      expect(read()).toMatchObject({ hairpin: false, isolated: false });
      world.host.changeBridgePort(port, { hairpin: true });
      expect(read()).toMatchObject({ hairpin: true, isolated: false });
      world.host.changeBridgePort(port, { isolated: true, hairpin: false });
      expect(read()).toMatchObject({ hairpin: false, isolated: true });
      world.host.changeBridgePort(port, {});
      expect(read()).toMatchObject({ hairpin: false, isolated: true });
      world.host.changeLink(port, { controller: 0 });
      world.host.changeLink(port, { controller: bridge });
      expect(read()).toMatchObject({ hairpin: false, isolated: false });
    },
  },
  {
    name: 'port settings of what is no port are refused',
    run: (world) => {
      const bridge = makeBridge(world);
      const { port } = makeVeth(world);
      for (const index of [1, bridge, port]) {
        expectErrno(() => world.host.changeBridgePort(index, { hairpin: true }), 'EOPNOTSUPP');
        expectErrno(
          () => world.host.addPortVlans(index, [{ first: 5, last: 5, pvid: false, untagged: false }]),
          'EOPNOTSUPP',
        );
        expect(world.host.bridgePort(index)).toBeUndefined();
      }
      expectErrno(() => world.host.changeBridgePort(999, { hairpin: true }), 'ENODEV');
    },
  },
  {
    name: "a bridge's address is the lowest of its ports', zero without any, until one is chosen",
    run: (world) => {
      const bridge = makeBridge(world);
      const read = () => world.host.linkByIndex(bridge)?.mac;
      const [one, two] = [makeVeth(world, 'v1', 'e1').port, makeVeth(world, 'v2', 'e2').port];
      world.host.changeLink(one, { mac: mac('02:00:00:00:00:50'), controller: bridge });
      expect(read()).toBe('02:00:00:00:00:50');
      world.host.changeLink(two, { mac: mac('02:00:00:00:00:40'), controller: bridge });
      expect(read()).toBe('02:00:00:00:00:40');
      world.host.changeLink(one, { mac: mac('02:00:00:00:00:30') });
      expect(read()).toBe('02:00:00:00:00:30');
      world.host.changeLink(one, { controller: 0 });
      expect(read()).toBe('02:00:00:00:00:40');
      world.host.removeLink(two);
      expect(read()).toBe('00:00:00:00:00:00');
      world.host.changeLink(bridge, { mac: mac('02:00:00:00:00:99') });
      world.host.changeLink(one, { controller: bridge });
      expect(read()).toBe('02:00:00:00:00:99');
    },
  },
  {
    name: 'a bridge has the address that it was made with whatever its ports have',
    run: (world) => {
      const { index } = world.host.createLink({ name: 'br', mac: mac('02:00:00:00:00:b1'), plan: { kind: 'bridge' } });
      world.host.changeLink(makeVeth(world).port, { controller: index });
      expect(world.host.linkByIndex(index)?.mac).toBe('02:00:00:00:00:b1');
    },
  },
  {
    name: "a bridge's MTU is the least of its ports', unless it was changed, and in spite of the one it was made with",
    run: (world) => {
      const { index: made } = world.host.createLink({ name: 'br1', mtu: 9000, plan: { kind: 'bridge' } });
      const { port } = makeVeth(world);
      const mtuOf = (index: number) => world.host.linkByIndex(index)?.mtu;
      expect(mtuOf(made)).toBe(9000);
      world.host.changeLink(port, { mtu: 1400, controller: made });
      expect(mtuOf(made)).toBe(1400);
      world.host.changeLink(port, { mtu: 1300 });
      expect(mtuOf(made)).toBe(1300);
      world.host.changeLink(port, { controller: 0 });
      expect(mtuOf(made)).toBe(1500);
      world.host.changeLink(made, { mtu: 1450 });
      world.host.changeLink(port, { controller: made });
      expect(mtuOf(made)).toBe(1450);
    },
  },
  {
    name: 'a port with an MTU below 1280 takes IPv6 from its bridge',
    run: (world) => {
      const bridge = makeBridge(world);
      const { port } = makeVeth(world);
      world.host.changeLink(port, { mtu: 1279, controller: bridge });
      expectErrno(() => world.host.readSysctl('ipv6/conf/cni0/accept_ra'), 'ENOENT');
      world.host.changeLink(port, { mtu: 1280 });
      expect(world.host.readSysctl('ipv6/conf/cni0/accept_ra')).toBe('1');
    },
  },
  {
    name: 'removing a bridge sets its ports free',
    run: (world) => {
      const bridge = makeBridge(world);
      const { port } = makeVeth(world);
      world.host.changeLink(port, { controller: bridge, up: true });
      world.host.removeLink(bridge);
      expect(world.host.linkByIndex(port)).toMatchObject({ up: true });
      expect(world.host.linkByIndex(port)?.controller).toBeUndefined();
    },
  },
  {
    name: 'a bridge does not move to another namespace',
    run: (world) => {
      expectErrno(() => world.host.moveLink(makeBridge(world), world.sandbox), 'EINVAL', 'netns is immutable');
    },
  },
  {
    name: 'no VLANs is nothing to do, and removing one that is not there is no error',
    run: (world) => {
      const bridge = makeBridge(world);
      const { port } = makeVeth(world);
      world.host.changeLink(port, { controller: bridge });
      world.host.addPortVlans(port, []);
      world.host.removePortVlans(port, []);
      world.host.removePortVlans(port, [{ first: 77, last: 77, pvid: false, untagged: false }]);
    },
  },
  {
    name: 'a port of a bridge that filters VLANs starts in VLAN 1 and is put in others',
    bridgeVlans: true,
    run: (world) => {
      const bridge = world.host.createLink({ name: 'br', plan: { kind: 'bridge', vlanFiltering: true } });
      expect(bridge.details).toEqual({ kind: 'bridge', vlanFiltering: true });
      const { port } = makeVeth(world);
      const vlans = () => world.host.bridgePort(port)?.vlans;
      world.host.changeLink(port, { controller: bridge.index });
      expect(vlans()).toEqual([{ first: 1, last: 1, pvid: true, untagged: true }]);
      world.host.removePortVlans(port, [{ first: 1, last: 1, pvid: false, untagged: false }]);
      world.host.addPortVlans(port, [
        { first: 100, last: 100, pvid: true, untagged: true },
        { first: 200, last: 203, pvid: false, untagged: false },
      ]);
      expect(vlans()).toEqual([
        { first: 100, last: 100, pvid: true, untagged: true },
        { first: 200, last: 203, pvid: false, untagged: false },
      ]);
      world.host.removePortVlans(port, [{ first: 201, last: 201, pvid: false, untagged: false }]);
      expect(vlans()?.slice(1)).toEqual([
        { first: 200, last: 200, pvid: false, untagged: false },
        { first: 202, last: 203, pvid: false, untagged: false },
      ]);
      for (const [first, last] of [
        [0, 0],
        [4095, 4095],
      ] as const) {
        expectErrno(() => world.host.addPortVlans(port, [{ first, last, pvid: false, untagged: false }]), 'EINVAL');
      }
    },
  },
];
