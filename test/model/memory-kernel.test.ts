import { describe, expect, test } from 'vitest';
import { createMemoryKernel } from '../../host/kernel/memory/memory-kernel.ts';
import { ip, makeBridge, makeRunningVeth, makeVeth, prefix } from '../kernel/contract/world.ts';
import { type MemoryWorld, makeMemoryWorld } from './memory-world.ts';

/** Host with a bridge 10.1.0.1/24, fd01::1/64 and a sandbox behind it with .2, ::2 and default routes. */
function makeNetwork(world: MemoryWorld) {
  const { host, sandbox } = world;
  const bridge = makeBridge(world);
  const { port, eth } = makeRunningVeth(world);
  host.changeLink(bridge, { up: true });
  host.changeLink(port, { controller: bridge });
  host.addAddress(bridge, prefix('10.1.0.1/24'));
  host.addAddress(bridge, prefix('fd01::1/64'), { noDad: true });
  sandbox.addAddress(eth, prefix('10.1.0.2/24'));
  sandbox.addAddress(eth, prefix('fd01::2/64'));
  sandbox.addRoute({ destination: prefix('0.0.0.0/0'), gateway: ip('10.1.0.1') });
  sandbox.addRoute({ destination: prefix('::/0'), gateway: ip('fd01::1') });
  return { bridge, port, eth };
}

/** Another namespace with a leg of its own on the bridge. */
function addNeighbour(world: MemoryWorld, bridge: number, last: number) {
  const path = `/run/netns/${last}`;
  world.kernel.addNamespace(path);
  const namespace = world.kernel.openNamespace(path);
  const link = world.host.createLink({
    name: `veth${last}`,
    plan: { kind: 'veth', peerName: 'eth0', peerNamespace: namespace },
  });
  world.host.changeLink(link.index, { up: true, controller: bridge });
  namespace.changeLink(2, { up: true });
  namespace.addAddress(2, prefix(`10.1.0.${last}/24`));
  return { namespace, port: link.index };
}

describe('an echo', () => {
  test('reaches the host and comes back, by IPv4 and IPv6', () => {
    using world = makeMemoryWorld();
    makeNetwork(world);
    expect(world.kernel.echo(world.sandbox, ip('10.1.0.1'))).toEqual({ kind: 'answered', source: '10.1.0.2' });
    expect(world.kernel.echo(world.host, ip('10.1.0.2'))).toEqual({ kind: 'answered', source: '10.1.0.1' });
    expect(world.kernel.echo(world.sandbox, ip('fd01::1'))).toEqual({ kind: 'answered', source: 'fd01::2' });
  });

  test('to itself needs the address, to 127.0.0.1 the loopback link', () => {
    using world = makeMemoryWorld();
    makeNetwork(world);
    expect(world.kernel.echo(world.sandbox, ip('10.1.0.2')).kind).toBe('answered');
    expect(world.kernel.echo(world.host, ip('127.0.0.1'))).toMatchObject({ kind: 'lost', because: 'no-route' });
    world.host.changeLink(1, { up: true });
    expect(world.kernel.echo(world.host, ip('127.0.0.1'))).toEqual({ kind: 'answered', source: '127.0.0.1' });
  });

  test('to nobody, without a route and into a blackhole is lost, and says why', () => {
    using world = makeMemoryWorld();
    makeNetwork(world);
    const lost = (to: string) => world.kernel.echo(world.host, ip(to));
    expect(lost('10.1.0.77')).toMatchObject({ on: 'the way there', because: 'no-neighbour' });
    expect(lost('192.0.2.1')).toMatchObject({ because: 'no-route', text: 'no route to 192.0.2.1' });
    world.host.addRoute({ kind: 'blackhole', destination: prefix('192.0.2.0/24') });
    expect(lost('192.0.2.1')).toMatchObject({ because: 'blackhole' });
  });

  test('between two sandboxes goes through the bridge, but not from one isolated port to another', () => {
    using world = makeMemoryWorld();
    const { bridge, port } = makeNetwork(world);
    const neighbour = addNeighbour(world, bridge, 3);
    expect(world.kernel.echo(world.sandbox, ip('10.1.0.3')).kind).toBe('answered');
    world.host.changeBridgePort(port, { isolated: true });
    expect(world.kernel.echo(world.sandbox, ip('10.1.0.3')).kind).toBe('answered');
    world.host.changeBridgePort(neighbour.port, { isolated: true });
    expect(world.kernel.echo(world.sandbox, ip('10.1.0.3'))).toMatchObject({ because: 'no-neighbour' });
    expect(world.kernel.echo(world.sandbox, ip('10.1.0.1')).kind).toBe('answered');
  });

  test('to another network needs forwarding on the way there and a route on the way back', () => {
    using world = makeMemoryWorld();
    makeNetwork(world);
    world.kernel.addNamespace('/run/netns/far');
    const far = world.kernel.openNamespace('/run/netns/far');
    const up = world.host.createLink({ name: 'uplink', plan: { kind: 'veth', peerName: 'eth0', peerNamespace: far } });
    world.host.changeLink(up.index, { up: true });
    far.changeLink(2, { up: true });
    world.host.addAddress(up.index, prefix('10.9.0.1/24'));
    far.addAddress(2, prefix('10.9.0.2/24'));
    const echo = () => world.kernel.echo(world.sandbox, ip('10.9.0.2'));
    expect(echo()).toMatchObject({ on: 'the way there', because: 'not-forwarding' });
    world.host.writeSysctl('ipv4/ip_forward', '1');
    expect(echo()).toMatchObject({ on: 'the way back', because: 'no-route' });
    far.addRoute({ destination: prefix('0.0.0.0/0'), gateway: ip('10.9.0.1') });
    expect(echo()).toEqual({ kind: 'answered', source: '10.1.0.2' });
  });

  test('in a loop of two routers is given up', () => {
    using world = makeMemoryWorld();
    makeNetwork(world);
    world.host.writeSysctl('ipv4/ip_forward', '1');
    world.sandbox.writeSysctl('ipv4/ip_forward', '1');
    world.host.addRoute({ destination: prefix('0.0.0.0/0'), gateway: ip('10.1.0.2') });
    expect(world.kernel.echo(world.host, ip('192.0.2.1'))).toMatchObject({ because: 'too-many-hops' });
  });

  test('goes nowhere when the port, the bridge or the link is down, or in another VLAN', () => {
    for (const what of ['port', 'bridge', 'eth'] as const) {
      using world = makeMemoryWorld();
      const indexes = makeNetwork(world);
      const namespace = what === 'eth' ? world.sandbox : world.host;
      namespace.changeLink(indexes[what], { up: false });
      expect(world.kernel.echo(world.host, ip('10.1.0.2')).kind).toBe('lost');
    }
  });

  test('stays in its VLAN', () => {
    using world = makeMemoryWorld();
    const bridge = world.host.createLink({ name: 'br', plan: { kind: 'bridge', vlanFiltering: true } }).index;
    world.host.changeLink(bridge, { up: true });
    const [one, two] = [addNeighbour(world, bridge, 3), addNeighbour(world, bridge, 4)];
    const echo = () => world.kernel.echo(one.namespace, ip('10.1.0.4')).kind;
    expect(echo()).toBe('answered');
    world.host.addPortVlans(one.port, [{ first: 100, last: 100, pvid: true, untagged: true }]);
    expect(echo()).toBe('lost');
    world.host.addPortVlans(two.port, [{ first: 100, last: 100, pvid: true, untagged: true }]);
    expect(echo()).toBe('answered');
  });

  test('an IPv6 address is of no use before it is usable', () => {
    using world = makeMemoryWorld();
    const { bridge } = makeNetwork(world);
    world.host.addAddress(bridge, prefix('fd01::5/64'));
    expect(world.kernel.echo(world.sandbox, ip('fd01::5')).kind).toBe('lost');
    world.host.waitUntilUsable(bridge, 1000);
    expect(world.kernel.echo(world.sandbox, ip('fd01::5')).kind).toBe('answered');
  });
});

describe('namespaces of the model', () => {
  test('a namespace that is removed takes its links along, and the other ends of its veths', () => {
    using world = makeMemoryWorld();
    makeVeth(world);
    world.kernel.removeNamespace(world.sandboxPath);
    expect(world.host.linkByName('veth0')).toBeDefined();
    world.sandbox.close();
    expect(world.host.linkByName('veth0')).toBeUndefined();
    expect(() => world.kernel.openNamespace(world.sandboxPath)).toThrow('failed to Statfs');
  });

  test('what is left by the same steps is equal, byte for byte', () => {
    const dumps = [1, 2].map(() => {
      using world = makeMemoryWorld();
      makeNetwork(world);
      return JSON.stringify(world.kernel.dump());
    });
    expect(dumps[0]).toBe(dumps[1]);
    expect(Object.keys(JSON.parse(dumps[0] ?? '{}'))).toEqual(['', '/run/netns/sandbox']);
  });

  test('a dump of everything taken back is the dump of before', () => {
    using world = makeMemoryWorld();
    const before = world.kernel.dump();
    const { bridge, eth } = makeNetwork(world);
    expect(world.kernel.dump()).not.toEqual(before);
    world.sandbox.removeLink(eth);
    world.host.removeLink(bridge);
    expect(world.kernel.dump()).toEqual(before);
  });

  test('cookies are never used again', () => {
    const kernel = createMemoryKernel();
    const cookies = [1, 2, 3].map(() => {
      kernel.addNamespace('/a');
      const handle = kernel.openNamespace('/a');
      const { cookie } = handle;
      handle.close();
      kernel.removeNamespace('/a');
      return cookie;
    });
    expect(new Set([kernel.host.cookie, ...cookies]).size).toBe(4);
  });
});
