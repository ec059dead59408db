import { describe, expect, test } from 'vitest';
import { KernelError } from '../../host/kernel/errors.ts';
import type { NetworkNamespace } from '../../host/kernel/kernel.ts';
import { NetlinkOverrun, NetlinkRefusal } from '../../host/netlink/errors.ts';
import type { Operation } from '../../host/operations/operation.ts';
import { eventually, indexOf, mac, prefix } from '../kernel/contract/world.ts';
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

  test.skipIf(missing !== undefined || !onLinux)('is undone where what is read after a change is refused', () => {
    let receive = () => {};
    using bench = furnished({ beforeReceive: () => receive() });
    const before = bench.state();
    for (const operation of operations(bench).filter(({ kind }) => kind === 'link.create')) {
      let answers = 0;
      receive = () => {
        answers++;
      };
      bench.perform(operation);
      receive = () => {};
      bench.rollBack();
      // The last answer is what the link looks like.
      receive = () => {
        if (--answers === 0) throw new NetlinkRefusal({ errno: 1 });
      };
      expect(() => bench.perform(operation)).toThrow(/not permitted/);
      receive = () => {};
      expect(bench.state()).toEqual(before);
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
});
