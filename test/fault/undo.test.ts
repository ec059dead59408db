import { describe, expect, test } from 'vitest';
import { KernelError } from '../../host/kernel/errors.ts';
import type { NetworkNamespace, Route } from '../../host/kernel/kernel.ts';
import { NetlinkOverrun } from '../../host/netlink/errors.ts';
import type { Operation } from '../../host/operations/operation.ts';
import { eventually, indexOf, ip, linkOf, mac, prefix } from '../kernel/contract/world.ts';
import { type Workbench, type WorkbenchOptions, workbenches } from './operations.ts';

describe.each(workbenches)('what an operation did, on $name', ({ name, missing, make }) => {
  const onLinux = name === 'the real kernel';

  /** What every test begins with: in both namespaces a veth that is not the attachment's, and a route through it. */
  function furnished(options: WorkbenchOptions = {}): Workbench {
    const bench = make(options);
    for (const namespace of [bench.host, bench.sandbox]) {
      const { index, details } = namespace.createLink({
        name: 'old0',
        plan: { kind: 'veth', peerName: 'old1', peerNamespace: namespace },
      });
      if (details.kind === 'veth') namespace.changeLink(details.peerIndex, { up: true });
      namespace.changeLink(index, { up: true, alias: 'as it was' });
      namespace.addAddress(index, prefix('10.5.0.1/24'));
      namespace.addRoute({ destination: prefix('10.6.0.0/24'), index });
    }
    return bench;
  }

  /** One of each kind that asks the kernel more than once, or may. */
  function operations({ host, sandbox }: Workbench): readonly Operation[] {
    const index = indexOf(sandbox, 'old0');
    const shared = indexOf(host, 'old0');
    const route = { destination: prefix('10.7.0.0/24'), index };
    return [
      { kind: 'link.create', door: 'sandbox', link: { name: 'new0', plan: { kind: 'bridge' } } },
      { kind: 'link.create', door: 'host', link: { name: 'new0', plan: { kind: 'bridge' } } },
      { kind: 'link.create', door: 'sandbox', link: { name: 'new0', plan: { kind: 'veth', peerDoor: 'host' } } },
      { kind: 'link.change', door: 'sandbox', index, change: { mtu: 1400, alias: 'changed', promiscuous: true } },
      { kind: 'link.change', door: 'host', index: shared, change: { name: 'new0', mac: mac('02:00:00:00:00:07') } },
      { kind: 'address.add', door: 'sandbox', index, prefix: prefix('10.8.0.1/24') },
      { kind: 'route.add', door: 'sandbox', route },
      { kind: 'route.replace', door: 'sandbox', route: { ...route, destination: prefix('10.6.0.0/24'), mtu: 1300 } },
      { kind: 'sysctl.write', door: 'sandbox', key: 'ipv4/conf/old0/arp_notify', value: '1' },
    ];
  }

  test.skipIf(missing !== undefined || !onLinux)('is undone at once, whichever answer of the kernel is lost', () => {
    let receive = () => {};
    using bench = furnished({ beforeReceive: () => receive() });
    const before = bench.state();
    for (const operation of operations(bench)) {
      let answers = 0;
      receive = () => {
        answers++;
      };
      bench.perform(operation);
      receive = () => {};
      bench.rollBack();
      eventually(() => expect(bench.state(), operation.kind).toEqual(before));
      for (let lost = 0; lost < answers; lost++) {
        let now = 0;
        receive = () => {
          if (now++ === lost) throw new NetlinkOverrun();
        };
        expect(() => bench.perform(operation), `${operation.kind}, answer ${lost}`).toThrow(KernelError);
        receive = () => {};
        eventually(() => expect(bench.state(), `${operation.kind}, answer ${lost}`).toEqual(before));
        expect(bench.record.state.open).toEqual([]);
      }
    }
  });

  test.skipIf(missing)('is left alone where the kernel refuses: somebody else made what was to be made', () => {
    // Between the look and the request.
    let meanwhile = (_host: NetworkNamespace) => {};
    const asHost = (host: NetworkNamespace) =>
      new Proxy(host, {
        get(target, property) {
          if (property === 'createLink' || property === 'addAddress' || property === 'addRoute') meanwhile(target);
          const value = Reflect.get(target, property, target) as unknown;
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    using bench = furnished({ asHost });
    const index = indexOf(bench.host, 'old0');
    const races: readonly [Operation, (host: NetworkNamespace) => void][] = [
      [
        { kind: 'link.create', door: 'host', link: { name: 'new0', plan: { kind: 'bridge' } } },
        (host) => host.createLink({ name: 'new0', plan: { kind: 'bridge' } }),
      ],
      [
        { kind: 'address.add', door: 'host', index, prefix: prefix('10.8.0.1/24') },
        (host) => host.addAddress(index, prefix('10.8.0.1/24')),
      ],
      [
        { kind: 'route.add', door: 'host', route: { destination: prefix('10.7.0.0/24'), index } },
        (host) => host.addRoute({ destination: prefix('10.7.0.0/24'), index }),
      ],
    ];
    for (const [operation, other] of races) {
      let after: unknown;
      meanwhile = (host) => {
        meanwhile = () => {};
        other(host);
        after = bench.state();
      };
      expect(() => bench.perform(operation), operation.kind).toThrow(/exists/);
      bench.rollBack();
      expect(bench.state(), operation.kind).toEqual(after);
    }
  });

  describe.skipIf(missing)('to the name of a link', () => {
    const names = (namespace: NetworkNamespace) => namespace.links().map((link) => link.name);

    test('by moving it through its own door is undone', () => {
      using bench = furnished();
      const before = bench.state();
      for (const door of ['sandbox', 'host'] as const) {
        const index = indexOf(bench[door], 'old0');
        bench.perform({ kind: 'link.move', door, index, to: door, name: 'new0' });
        expect(names(bench[door])).toContain('new0');
        bench.perform({ kind: 'link.change', door, index, change: { name: 'new1' } });
        bench.perform({ kind: 'link.move', door, index, to: door, name: 'new2' });
        bench.rollBack();
        expect(bench.state()).toEqual(before);
      }
    });

    test('and its namespace is undone, also where somebody has taken its name meanwhile', () => {
      using bench = furnished();
      for (const [door, to] of [
        ['host', 'sandbox'],
        ['sandbox', 'host'],
      ] as const) {
        const [from, other] = [names(bench[door]), names(bench[to])];
        const index = indexOf(bench[door], 'old0');
        bench.perform({ kind: 'link.move', door, index, to, name: 'new0' });
        bench.rollBack();
        expect([names(bench[door]), names(bench[to])]).toEqual([from, other]);

        bench.perform({ kind: 'link.move', door, index: indexOf(bench[door], 'old0'), to, name: 'new0' });
        bench[door].createLink({ name: 'old0', plan: { kind: 'bridge' } });
        bench.rollBack();
        expect(names(bench[to])).toEqual(other);
        expect(names(bench[door]).sort()).toEqual([...from, 'dev0'].sort());
        expect(bench[door].linkByName('dev0')?.kind).toBe('veth');
        expect(bench[door].linkByName('old0')?.kind).toBe('bridge');
      }
    });

    /** Ways to give one of the attachment's own links another name. */
    const renamings: readonly [string, (bench: Workbench) => void][] = [
      [
        'a change',
        ({ perform, sandbox, host }) => {
          perform({ kind: 'link.change', door: 'sandbox', index: indexOf(sandbox, 'eth0'), change: { name: 'eth1' } });
          perform({ kind: 'link.change', door: 'host', index: indexOf(host, 'own0'), change: { name: 'own1' } });
        },
      ],
      [
        'two changes',
        ({ perform, host }) => {
          const index = indexOf(host, 'own0');
          perform({ kind: 'link.change', door: 'host', index, change: { name: 'own1' } });
          perform({ kind: 'link.change', door: 'host', index, change: { name: 'own2', up: true } });
        },
      ],
      [
        'a move',
        ({ perform, host }) =>
          perform({ kind: 'link.move', door: 'host', index: indexOf(host, 'own0'), to: 'host', name: 'own1' }),
      ],
      [
        'a move through the other door',
        ({ perform, host }) =>
          perform({ kind: 'link.move', door: 'host', index: indexOf(host, 'own0'), to: 'sandbox' }),
      ],
      [
        'a move there and back, with new names',
        ({ perform, host }) => {
          const index = indexOf(host, 'own0');
          const moved = perform({ kind: 'link.move', door: 'host', index, to: 'sandbox', name: 'own1' });
          perform({ kind: 'link.move', door: 'sandbox', index: moved.index, to: 'host', name: 'own2' });
        },
      ],
      [
        'a change to a name that is taken',
        ({ perform, host }) => {
          const index = indexOf(host, 'own0');
          const change = { name: 'old0', mtu: 1400 };
          expect(() => perform({ kind: 'link.change', door: 'host', index, change })).toThrow(/exists/);
        },
      ],
    ];

    test.each(renamings)('that the attachment made does not keep it from going: %s', (_, rename) => {
      using bench = furnished();
      const before = bench.state();
      const blueprint = { name: 'eth0', plan: { kind: 'veth', peerDoor: 'host', peerName: 'own0' } } as const;
      for (const end of ['rollBack', 'release'] as const) {
        bench.perform({ kind: 'link.create', door: 'sandbox', link: blueprint });
        rename(bench);
        bench[end]();
        expect(bench.state(), end).toEqual(before);
      }
    });

    test('that the attachment gave up is not taken from whoever has it then', () => {
      using bench = furnished();
      const plan = { kind: 'veth', peerDoor: 'host', peerName: 'own0' } as const;
      bench.perform({ kind: 'link.create', door: 'sandbox', link: { name: 'eth0', plan } });
      const own = indexOf(bench.host, 'own0');
      bench.perform({ kind: 'link.change', door: 'host', index: own, change: { name: 'own1' } });
      bench.host.createLink({ name: 'own0', plan: { kind: 'veth', peerName: 'theirs', peerNamespace: bench.host } });
      bench.perform({
        kind: 'link.create',
        door: 'sandbox',
        link: { name: 'eth2', plan: { ...plan, peerName: 'own2' } },
      });
      bench.perform({ kind: 'link.remove', door: 'host', index: indexOf(bench.host, 'own2') });
      bench.host.createLink({ name: 'own2', plan: { kind: 'veth', peerName: 'theirs2', peerNamespace: bench.host } });
      bench.rollBack();
      expect(names(bench.host).sort()).toEqual(['lo', 'old0', 'old1', 'own0', 'own2', 'theirs', 'theirs2']);
      expect(names(bench.sandbox).sort()).toEqual(['lo', 'old0', 'old1']);
    });

    test('is given to another link of the attachment without its being in the way', () => {
      using bench = furnished();
      const before = names(bench.sandbox).sort();
      const plan = { kind: 'veth', peerDoor: 'sandbox', peerName: 'eth1' } as const;
      bench.perform({ kind: 'link.create', door: 'sandbox', link: { name: 'eth0', plan } });
      bench.perform({
        kind: 'link.move',
        door: 'sandbox',
        index: indexOf(bench.sandbox, 'old0'),
        to: 'host',
        name: 'x',
      });
      // The end that is not the one on record.
      const end = indexOf(bench.sandbox, 'eth0');
      bench.perform({ kind: 'link.change', door: 'sandbox', index: end, change: { name: 'old0' } });
      bench.rollBack();
      expect(names(bench.sandbox).sort()).toEqual(before);
    });
  });

  test.skipIf(missing !== undefined || !onLinux)('of links of its own is undone, whichever answer is lost', () => {
    let receive = () => {};
    using bench = furnished({ beforeReceive: () => receive() });
    const before = bench.state();
    const plan = { kind: 'veth', peerDoor: 'host', peerName: 'own0' } as const;
    const steps: readonly ((index: number) => Operation)[] = [
      (index) => ({ kind: 'link.change', door: 'host', index, change: { name: 'own1' } }),
      (index) => ({ kind: 'link.move', door: 'host', index, to: 'host', name: 'own1' }),
      (index) => ({ kind: 'link.move', door: 'host', index, to: 'sandbox', name: 'own1' }),
    ];
    for (const step of steps) {
      for (let lost = 0, done = false; !done; lost++) {
        bench.perform({ kind: 'link.create', door: 'sandbox', link: { name: 'eth0', plan } });
        const operation = step(indexOf(bench.host, 'own0'));
        let now = 0;
        receive = () => {
          if (now++ === lost) throw new NetlinkOverrun();
        };
        try {
          bench.perform(operation);
          done = now <= lost;
        } catch (error) {
          expect(error).toBeInstanceOf(KernelError);
        }
        receive = () => {};
        bench.rollBack();
        expect(bench.state(), `${operation.kind}, answer ${lost}`).toEqual(before);
      }
    }
  });

  describe.skipIf(missing)('to several fields', () => {
    /** A bridge with a port that is as bridges do not make them. */
    function bridged(bench: Workbench) {
      const { sandbox } = bench;
      const bridge = sandbox.createLink({ name: 'br0', plan: { kind: 'bridge' } }).index;
      const index = indexOf(sandbox, 'old1');
      sandbox.changeLink(index, { controller: bridge });
      sandbox.changeBridgePort(index, { hairpin: true });
      return { index, bridge };
    }

    test('is undone at once where the kernel refuses one of them', () => {
      using bench = furnished();
      const { index } = bridged(bench);
      const before = bench.state();
      const changes = [
        { mac: mac('02:00:00:00:00:07'), mtu: 1400, name: 'lo' },
        { name: 'new0', alias: 'another', controller: 1 },
        { mtu: 1400, alias: 'another', controller: indexOf(bench.sandbox, 'old0') },
        { mtu: 1400, name: 'new0', controller: 999 },
      ];
      for (const change of changes) {
        expect(() => bench.perform({ kind: 'link.change', door: 'sandbox', index, change })).toThrow(KernelError);
        expect(bench.state(), JSON.stringify(change)).toEqual(before);
        expect(bench.record.state.open).toEqual([]);
      }
    });

    test('is undone field by field: what cannot be undone does not keep the others', () => {
      using bench = furnished();
      const index = indexOf(bench.sandbox, 'old0');
      const { mtu } = linkOf(bench.sandbox, 'old0');
      const change = { name: 'new0', mtu: 1400, alias: 'another', promiscuous: true };
      bench.perform({ kind: 'link.change', door: 'sandbox', index, change });
      bench.sandbox.createLink({ name: 'old0', plan: { kind: 'bridge' } });
      bench.rollBack();
      const rest = { name: 'new0', mtu, alias: 'as it was', promiscuous: false };
      expect(bench.sandbox.linkByIndex(index)).toMatchObject(rest);
    });

    test('of a port is undone, also where it has been in another bridge meanwhile', () => {
      using bench = furnished();
      const { index } = bridged(bench);
      const other = bench.sandbox.createLink({
        name: 'br1',
        plan: { kind: 'bridge' },
        mac: mac('02:00:00:00:00:01'),
      }).index;
      const before = bench.state();
      const { perform } = bench;
      perform({ kind: 'port.change', door: 'sandbox', index, change: { hairpin: false, isolated: true } });
      perform({ kind: 'link.change', door: 'sandbox', index, change: { controller: other, mtu: 1400 } });
      perform({ kind: 'port.change', door: 'sandbox', index, change: { hairpin: true } });
      bench.rollBack();
      expect(bench.state()).toEqual(before);
    });

    test('of the VLANs of a port is undone', () => {
      using bench = furnished();
      const { index } = bridged(bench);
      if (bench.sandbox.bridgePort(index)?.vlans.length === 0) return;
      const range = (first: number, last: number, pvid = false) => ({ first, last, pvid, untagged: pvid });
      const before = bench.state();
      const { perform } = bench;
      perform({ kind: 'port.add-vlans', door: 'sandbox', index, vlans: [range(5, 9), range(7, 7, true), range(1, 1)] });
      perform({ kind: 'port.remove-vlans', door: 'sandbox', index, vlans: [range(1, 8)] });
      bench.rollBack();
      expect(bench.state()).toEqual(before);
      perform({ kind: 'port.remove-vlans', door: 'sandbox', index, vlans: [range(1, 1), range(30, 40)] });
      bench.rollBack();
      expect(bench.state()).toEqual(before);
      const wrong = [range(5, 5), range(9, 5)];
      expect(() => perform({ kind: 'port.add-vlans', door: 'sandbox', index, vlans: wrong })).toThrow(KernelError);
      expect(bench.state()).toEqual(before);
    });

    test('of a port is refused, and nothing is on record, where the link is none', () => {
      using bench = furnished();
      const index = indexOf(bench.sandbox, 'old0');
      const vlans = [{ first: 5, last: 5, pvid: false, untagged: false }];
      for (const operation of [
        { kind: 'port.add-vlans', door: 'sandbox', index, vlans },
        { kind: 'port.remove-vlans', door: 'sandbox', index, vlans },
        { kind: 'port.change', door: 'sandbox', index, change: { hairpin: true } },
      ] as const) {
        expect(() => bench.perform(operation), operation.kind).toThrow(/not supported/);
        expect(bench.record.state.open, operation.kind).toEqual([]);
      }
    });
  });

  describe.skipIf(missing)('to a setting', () => {
    const key = 'ipv4/conf/old0/arp_notify';
    const write = (value: string): Operation => ({ kind: 'sysctl.write', door: 'sandbox', key, value });

    test.each(['1', '01', ' 1', '1\n', '0x1', '1 1', '1\n0', '+1'])('is undone however it was spelled: %j', (value) => {
      using bench = furnished();
      const { sandbox } = bench;
      try {
        bench.perform(write(value));
      } catch (error) {
        // Kernels differ in what they take.
        expect(error).toBeInstanceOf(KernelError);
        return;
      }
      expect(sandbox.readSysctl(key)).toBe('1');
      bench.rollBack();
      expect(sandbox.readSysctl(key)).toBe('0');
    });

    test('is undone where the host was killed before it saw what the kernel made of it', () => {
      using bench = furnished();
      const { record, sandbox } = bench;
      for (const after of ['01', ' 1', '1 1']) {
        record.intend({ kind: 'sysctl.write', door: 'sandbox', key, before: '0', after });
        sandbox.writeSysctl(key, after);
        bench.rollBack();
        expect(sandbox.readSysctl(key), after).toBe('0');
      }
    });

    test('is left where somebody has changed it since', () => {
      using bench = furnished();
      bench.perform(write('01'));
      bench.sandbox.writeSysctl(key, '2');
      bench.rollBack();
      expect(bench.sandbox.readSysctl(key)).toBe('2');
    });

    test('that was written twice is undone', () => {
      using bench = furnished();
      bench.perform(write(' 2'));
      bench.perform(write('01'));
      bench.rollBack();
      expect(bench.sandbox.readSysctl(key)).toBe('0');
    });

    test('of several numbers is undone where one of them is refused', () => {
      using bench = furnished();
      // One that the kernel writes as it reads; the model has none such.
      const range = onLinux ? 'ipv4/tcp_rmem' : 'ipv4/ip_local_port_range';
      const before = bench.sandbox.readSysctl(range);
      const words: Operation = { kind: 'sysctl.write', door: 'sandbox', key: range, value: '20000 x' };
      expect(() => bench.perform(words)).toThrow(KernelError);
      expect(bench.sandbox.readSysctl(range)).toBe(before);
      expect(bench.record.state.open).toEqual([]);
    });
  });

  describe.skipIf(missing)('to routes', () => {
    const [destination, other] = [prefix('10.6.0.0/24'), prefix('10.7.0.0/24')];
    const ipv6 = prefix('fd07::/64');
    const gateway = ip('10.5.0.9');

    /** Each to be done in a sandbox that has 10.6.0.0/24 by old0; the last one of a list may be refused. */
    const changes: readonly (readonly [string, (index: number) => readonly Operation[]])[] = [
      ['metrics that are capped', (index) => [add({ destination: other, index, mtu: 100_000, advertisedMss: 70_000 })]],
      ['metrics of IPv6 that are capped', (index) => [add({ destination: ipv6, index, mtu: 100_000 })]],
      ['a metric of 0', (index) => [add({ destination: other, index, mtu: 0 })]],
      ['host bits', (index) => [add({ destination: prefix('10.7.0.9/24'), index })]],
      ['a gateway of 0.0.0.0', (index) => [add({ destination: other, index, gateway: ip('0.0.0.0') })]],
      ['a further one with other metrics', (index) => [add({ destination, index, mtu: 1300 })]],
      ['a further one by a gateway', (index) => [add({ destination, index, gateway })]],
      [
        'a further one of IPv6 of another priority',
        (index) => [add({ destination: ipv6, index, priority: 5 }), add({ destination: ipv6, index })],
      ],
      ['no link', () => [add({ destination: other, gateway })]],
      ['nowhere to go', () => [add({ destination: other, kind: 'blackhole' })]],
      ['one that is there', (index) => [add({ destination, index })]],
      ['a replacement with metrics that are capped', (index) => [replace({ destination, index, mtu: 100_000 })]],
      [
        'a replacement of one of two',
        (index) => [
          add({ destination, index, mtu: 1300 }),
          replace({ destination: prefix('10.6.0.7/24'), index, mtu: 1200, priority: 0 }),
        ],
      ],
      ['a replacement that is the first', (index) => [replace({ destination: other, index, priority: 7 })]],
      [
        'a replacement of IPv6',
        (index) => [add({ destination: ipv6, index, mtu: 1300 }), replace({ destination: ipv6, index, mtu: 100_000 })],
      ],
      ['a removal', (index) => [{ ...add({ destination: prefix('10.6.0.7/24'), index }), kind: 'route.remove' }]],
      [
        'a removal of one of two',
        (index) => [
          add({ destination, index, mtu: 100_000 }),
          { ...add({ destination, index }), kind: 'route.remove' },
          { ...add({ destination }), kind: 'route.remove' },
        ],
      ],
    ];
    function add(route: Route) {
      return { kind: 'route.add', door: 'sandbox', route } as const;
    }
    function replace(route: Route) {
      return { kind: 'route.replace', door: 'sandbox', route } as const;
    }

    test.each(changes)('is undone: %s', (_, operations) => {
      using bench = furnished();
      const before = bench.state();
      for (const operation of operations(indexOf(bench.sandbox, 'old0'))) {
        try {
          bench.perform(operation);
        } catch (error) {
          expect(error).toBeInstanceOf(KernelError);
        }
      }
      bench.rollBack();
      expect(bench.state()).toEqual(before);
    });

    test('leaves one that was there where the host was killed before it added another', () => {
      using bench = furnished();
      const index = indexOf(bench.sandbox, 'old0');
      const all = bench.sandbox.routes().filter((one) => one.destination === destination);
      const state = bench.state();
      bench.record.intend({ ...add({ destination, index, mtu: 1300 }), before: all });
      bench.rollBack();
      expect(bench.state()).toEqual(state);
    });
  });

  test.skipIf(missing)('to addresses is undone, with the route that the kernel leaves to others of the network', () => {
    using bench = furnished();
    const { sandbox, perform } = bench;
    const index = indexOf(sandbox, 'old0');
    const add = (text: string, noPrefixRoute = false) =>
      perform({ kind: 'address.add', door: 'sandbox', index, prefix: prefix(text), flags: { noPrefixRoute } });
    const before = bench.state();
    for (const texts of [
      ['fd07::1/64', 'fd07::2/64', 'fd07::3/80'],
      ['10.7.0.1/24', '10.7.0.2/24', '10.7.0.3/25'],
    ]) {
      for (const flagged of [0, 1, 2]) {
        for (const [position, text] of texts.entries()) add(text, position === flagged);
        bench.rollBack();
        eventually(() => expect(bench.state(), `${texts[flagged]}`).toEqual(before));
      }
    }
    // One that was there has had its route all the time.
    sandbox.addAddress(index, prefix('fd07::9/64'));
    sandbox.waitUntilUsable(index, 2000);
    const routed = bench.state();
    add('fd07::1/64');
    bench.rollBack();
    eventually(() => expect(bench.state()).toEqual(routed));
  });
});
