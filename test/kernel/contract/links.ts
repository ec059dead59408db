import { expect } from 'vitest';
import { type Behaviour, eventually, expectErrno, indexOf, linkOf, mac, makeBridge, makeVeth } from './world.ts';

export const linkBehaviours: readonly Behaviour[] = [
  {
    name: 'a new namespace has the loopback link alone, down',
    run: ({ host, sandbox }) => {
      for (const namespace of [host, sandbox]) {
        expect(namespace.links()).toEqual([
          {
            index: 1,
            name: 'lo',
            kind: 'loopback',
            details: { kind: 'other' },
            mac: '00:00:00:00:00:00',
            mtu: 65536,
            up: false,
            promiscuous: false,
            allMulticast: false,
            transmitQueueLength: 1000,
            state: 'down',
          },
        ]);
      }
    },
  },
  {
    name: 'a veth pair is made with each end in its namespace',
    run: ({ host, sandbox }) => {
      const link = host.createLink({
        name: 'veth0',
        mtu: 1400,
        mac: mac('0a:58:0a:01:00:02'),
        plan: { kind: 'veth', peerName: 'eth0', peerNamespace: sandbox, peerMtu: 1300 },
      });
      const peer = linkOf(sandbox, 'eth0');
      expect(link).toMatchObject({ name: 'veth0', kind: 'veth', mtu: 1400, mac: '0a:58:0a:01:00:02', up: false });
      expect(link.details).toEqual({ kind: 'veth', peerIndex: peer.index });
      expect(peer).toMatchObject({ kind: 'veth', mtu: 1300, details: { kind: 'veth', peerIndex: link.index } });
      expect(host.linkByName('eth0')).toBeUndefined();
      expect(host.linkByIndex(link.index)).toEqual(link);
    },
  },
  {
    name: 'a veth whose own name is taken is EEXIST and says so',
    run: (world) => {
      makeVeth(world);
      expectErrno(() => makeVeth(world, 'veth0', 'eth1'), 'EEXIST', 'link "veth0" exists');
      expect(world.sandbox.linkByName('eth1')).toBeUndefined();
    },
  },
  {
    name: "a veth whose peer's name is taken is EEXIST and says so",
    run: (world) => {
      makeVeth(world);
      expectErrno(() => makeVeth(world, 'veth1', 'eth0'), 'EEXIST', 'link "eth0" exists');
      expect(world.host.linkByName('veth1')).toBeUndefined();
    },
  },
  {
    name: 'a veth cannot have one name for both ends in one namespace',
    run: ({ host }) => {
      expectErrno(
        () => host.createLink({ name: 'a', plan: { kind: 'veth', peerName: 'a', peerNamespace: host } }),
        'EEXIST',
      );
      expect(host.links()).toHaveLength(1);
    },
  },
  {
    name: 'removing one end of a veth removes the other',
    run: (world) => {
      const { eth } = makeVeth(world);
      world.sandbox.removeLink(eth);
      expect(world.host.linkByName('veth0')).toBeUndefined();
      expectErrno(() => world.sandbox.removeLink(eth), 'ENODEV');
    },
  },
  {
    name: 'names that are no names are refused, patterns too',
    run: (world) => {
      const { port } = makeVeth(world);
      for (const name of ['', '.', '..', 'a/b', 'a b', 'a:b', 'veth%d', 'a\0b']) {
        expectErrno(() => makeBridge(world, name), 'EINVAL');
        expectErrno(() => world.host.changeLink(port, { name }), 'EINVAL');
        expect(world.host.linkByName(name)).toBeUndefined();
      }
      expectErrno(() => makeBridge(world, 'sixteen-letters-'), 'ERANGE');
      expectErrno(() => world.host.changeLink(port, { name: 'sixteen-letters-' }), 'ERANGE');
      expect(world.host.linkByName('sixteen-letters-')).toBeUndefined();
      makeBridge(world, 'fifteen-letters');
    },
  },
  {
    name: 'indexes that are no indexes are ENODEV, and never reach another link',
    run: (world) => {
      const bridge = makeBridge(world);
      for (const index of [0, -1, 1.5, 999, 2 ** 31, Number.NaN]) {
        expectErrno(() => world.host.changeLink(index, { name: 'cni0', up: true }), 'ENODEV');
        expectErrno(() => world.host.removeLink(index), 'ENODEV');
        expectErrno(() => world.host.moveLink(index, world.sandbox), 'ENODEV');
        expect(world.host.linkByIndex(index)).toBeUndefined();
        expect(world.host.bridgePort(index)).toBeUndefined();
      }
      expect(world.host.linkByIndex(bridge)).toMatchObject({ name: 'cni0', up: false });
    },
  },
  {
    name: 'a link is renamed, up or down, but not to a name that is taken',
    run: (world) => {
      const { eth } = makeVeth(world);
      world.sandbox.changeLink(eth, { name: 'net1' });
      world.sandbox.changeLink(eth, { up: true });
      world.sandbox.changeLink(eth, { name: 'net2' });
      expect(linkOf(world.sandbox, 'net2')).toMatchObject({ index: eth, up: true });
      world.sandbox.changeLink(eth, { name: 'net2' });
      expectErrno(() => world.sandbox.changeLink(eth, { name: 'lo' }), 'EEXIST');
    },
  },
  {
    name: 'an MTU is from 68 to 65535, when made and when changed',
    run: (world) => {
      const { port } = makeVeth(world);
      for (const mtu of [0, 67, 65536, 2 ** 31, 2 ** 32, -1]) {
        expectErrno(() => world.host.createLink({ name: 'br', mtu, plan: { kind: 'bridge' } }), 'EINVAL');
        expectErrno(() => world.host.changeLink(port, { mtu }), 'EINVAL');
      }
      for (const mtu of [68, 65535]) {
        world.host.changeLink(port, { mtu });
        expect(world.host.linkByIndex(port)?.mtu).toBe(mtu);
      }
      expect(linkOf(world.sandbox, 'eth0').mtu).toBe(1500);
    },
  },
  {
    name: 'hardware addresses that are multicast or zero are EADDRNOTAVAIL',
    run: (world) => {
      const { port } = makeVeth(world);
      for (const text of ['01:00:00:00:00:01', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff']) {
        expectErrno(
          () => world.host.createLink({ name: 'br', mac: mac(text), plan: { kind: 'bridge' } }),
          'EADDRNOTAVAIL',
        );
        expectErrno(() => world.host.changeLink(port, { mac: mac(text) }), 'EADDRNOTAVAIL');
      }
      world.host.changeLink(port, { mac: mac('0a:00:00:00:00:01') });
      expect(world.host.linkByIndex(port)?.mac).toBe('0a:00:00:00:00:01');
    },
  },
  {
    name: 'flags, queue length and alias change, and nothing else with them',
    run: (world) => {
      const { port } = makeVeth(world);
      const before = world.host.linkByIndex(port);
      const change = { promiscuous: true, allMulticast: true, transmitQueueLength: 0, alias: 'container web' };
      world.host.changeLink(port, change);
      expect(world.host.linkByIndex(port)).toEqual({ ...before, ...change });
      world.host.changeLink(port, { promiscuous: false, allMulticast: false, transmitQueueLength: 1000, alias: '' });
      expect(world.host.linkByIndex(port)).toEqual(before);
      world.host.changeLink(port, {});
      expect(world.host.linkByIndex(port)).toEqual(before);
    },
  },
  {
    name: 'an alias has at most 255 bytes',
    run: (world) => {
      const { port } = makeVeth(world);
      world.host.changeLink(port, { alias: 'x'.repeat(255) });
      expectErrno(() => world.host.changeLink(port, { alias: 'x'.repeat(256) }), 'ERANGE');
      expect(world.host.linkByIndex(port)?.alias).toHaveLength(255);
    },
  },
  {
    name: 'a veth is up when both ends are',
    run: (world) => {
      const { port, eth } = makeVeth(world);
      world.sandbox.changeLink(eth, { up: true });
      expect(world.sandbox.linkByIndex(eth)?.up).toBe(true);
      expect(['down', 'lower-layer-down']).toContain(world.sandbox.linkByIndex(eth)?.state);
      world.host.changeLink(port, { up: true });
      eventually(() => expect(world.sandbox.linkByIndex(eth)?.state).toBe('up'));
      eventually(() => expect(world.host.linkByIndex(port)?.state).toBe('up'));
      world.host.changeLink(port, { up: false });
      eventually(() => expect(['down', 'lower-layer-down']).toContain(world.sandbox.linkByIndex(eth)?.state));
      expect(world.host.linkByIndex(port)?.state).toBe('down');
    },
  },
  {
    name: 'the loopback link has no operational state',
    run: ({ sandbox }) => {
      sandbox.changeLink(1, { up: true });
      eventually(() => expect(sandbox.linkByIndex(1)).toMatchObject({ up: true, state: 'unknown' }));
    },
  },
  {
    name: 'the loopback link is neither removed nor moved',
    run: ({ host, sandbox }) => {
      expectErrno(() => sandbox.removeLink(1), 'EOPNOTSUPP');
      expectErrno(() => sandbox.moveLink(1, host, 'lo1'), 'EINVAL', 'The interface netns is immutable');
    },
  },
  {
    name: 'a link that moves is down and bare afterwards, and keeps what is its own',
    run: (world) => {
      const { host, sandbox } = world;
      const { port } = makeVeth(world);
      const bridge = makeBridge(world);
      host.changeLink(port, { up: true, controller: bridge, mtu: 1400, alias: 'moved', promiscuous: true });
      const before = host.linkByIndex(port);
      const moved = host.moveLink(port, sandbox, 'net1');
      expect(moved).toMatchObject({ name: 'net1', up: false, mac: before?.mac, mtu: 1400, alias: 'moved' });
      expect(moved.controller).toBeUndefined();
      expect(host.linkByName('veth0')).toBeUndefined();
      expect(linkOf(sandbox, 'eth0').details).toEqual({ kind: 'veth', peerIndex: moved.index });
    },
  },
  {
    name: 'a link does not move where its name is taken, and stays whole',
    run: (world) => {
      const { port } = makeVeth(world);
      expectErrno(() => world.host.moveLink(port, world.sandbox, 'eth0'), 'EEXIST', 'link "eth0" exists');
      expectErrno(() => world.host.moveLink(port, world.sandbox, 'lo'), 'EEXIST');
      expect(world.host.linkByIndex(port)?.name).toBe('veth0');
      expect(world.host.moveLink(port, world.host, 'veth1').name).toBe('veth1');
    },
  },
  {
    name: 'a link leaves a namespace where its name is taken if it gets another on the way',
    run: (world) => {
      const { port } = makeVeth(world, 'eth0', 'eth0');
      expectErrno(() => world.host.moveLink(port, world.sandbox), 'EEXIST');
      expect(world.host.moveLink(port, world.sandbox, 'eth1').name).toBe('eth1');
      expect(indexOf(world.sandbox, 'eth0')).not.toBe(indexOf(world.sandbox, 'eth1'));
    },
  },
];
