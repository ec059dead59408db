import { describe, expect, test } from 'vitest';
import { KernelError } from '../../host/kernel/errors.ts';
import type { Operation } from '../../host/operations/operation.ts';
import { Deadline } from '../../host/system/deadline.ts';
import { indexOf, ip, linkOf, prefix, stepErrorOf } from '../kernel/contract/world.ts';
import { type Workbench, workbenches } from './operations.ts';

/** A veth of the attachment's own, with its end in the sandbox, whose index is returned. */
function createPair(bench: Workbench): number {
  const plan = { kind: 'veth', peerDoor: 'host' } as const;
  const { link, peerName } = bench.perform({ kind: 'link.create', door: 'sandbox', link: { name: 'eth0', plan } });
  bench.host.changeLink(indexOf(bench.host, peerName ?? ''), { up: true });
  return link.index;
}

/** As a container's interface gets them. */
const attaching = (index: number): readonly Operation[] => [
  { kind: 'address.add', door: 'sandbox', index, prefix: prefix('10.1.0.2/24') },
  { kind: 'link.change', door: 'sandbox', index, change: { up: true } },
  { kind: 'route.add', door: 'sandbox', route: { destination: prefix('10.9.0.0/16'), gateway: ip('10.1.0.1'), index } },
];

describe.each(workbenches)('operations that are performed together, on $name', ({ name, missing, make }) => {
  const onLinux = name === 'the real kernel';

  test.skipIf(missing)('on a link of the attachment’s own are done, and die with it', () => {
    using bench = make();
    const before = bench.state();
    const index = createPair(bench);
    const entries = bench.record.state.open.length;
    bench.performAll('sandbox', attaching(index));
    expect(linkOf(bench.sandbox, 'eth0').up).toBe(true);
    expect(bench.sandbox.routes({ index }).map(({ destination }) => destination)).toContain('10.9.0.0/16');
    expect(bench.record.state.open).toHaveLength(entries);
    bench.rollBack();
    expect(bench.state()).toEqual(before);
  });

  test.skipIf(missing !== undefined || !onLinux)('on a link of its own take one answer of the kernel', () => {
    let answers = 0;
    using bench = make({ beforeReceive: () => answers++ });
    const index = createPair(bench);
    answers = 0;
    bench.performAll('sandbox', attaching(index));
    expect(answers).toBe(1);
  });

  test.skipIf(missing)('are not begun where one of them is not allowed', () => {
    const refusal = new Error('not that one');
    using bench = make({
      authorize(operation) {
        if (operation.kind === 'route.add') throw refusal;
      },
    });
    const index = createPair(bench);
    const before = bench.state();
    expect(stepErrorOf(() => bench.performAll('sandbox', attaching(index)))).toMatchObject({
      position: 2,
      cause: refusal,
    });
    expect(bench.state()).toEqual(before);
  });

  test.skipIf(missing)('are seen to be done up to the one that fails', () => {
    const done: Operation[] = [];
    using bench = make({ observe: (stage, operation) => void (stage === 'applied' && done.push(operation)) });
    const index = createPair(bench);
    const [address, up, route] = attaching(index) as [Operation, Operation, Operation];
    done.length = 0;
    expect(stepErrorOf(() => bench.performAll('sandbox', [address, up, address, route]))).toMatchObject({
      position: 2,
    });
    expect(done).toEqual([address, up]);
    const unknown: Operation = { kind: 'link.change', door: 'sandbox', index: 99, change: { mtu: 1400 } };
    const other: Operation = { kind: 'address.add', door: 'sandbox', index, prefix: prefix('10.2.0.2/24') };
    expect(stepErrorOf(() => bench.performAll('sandbox', [other, unknown]))).toMatchObject({ position: 1 });
    expect(done).toEqual([address, up, other]);
    expect(bench.sandbox.addresses(index).map((one) => one.prefix)).toContain('10.2.0.2/24');
  });

  test.skipIf(missing)('are not gone on with when the time is over', () => {
    let isOver = false;
    const deadline = () => (isOver ? Deadline.in(0) : Deadline.never);
    using bench = make({
      deadline,
      observe(stage, operation) {
        if (stage === 'applied' && operation.kind === 'link.change') isOver = true;
      },
    });
    const { index } = bench.sandbox.createLink({ name: 'old0', plan: { kind: 'bridge' } });
    const { position, cause } = stepErrorOf(() => bench.performAll('sandbox', attaching(index)));
    expect(position).toBe(2);
    expect(cause instanceof KernelError && cause.is('ETIMEDOUT')).toBe(true);
  });

  test.skipIf(missing)('on links of others are on record, and undone', () => {
    using bench = make();
    const { index } = bench.sandbox.createLink({ name: 'old0', plan: { kind: 'bridge' } });
    const before = bench.state();
    bench.performAll('sandbox', attaching(index));
    expect(bench.record.state.open.map(({ effect }) => effect.kind)).toEqual([
      'address.add',
      'link.change',
      'route.add',
    ]);
    bench.rollBack();
    expect(bench.state()).toEqual(before);
  });

  test.skipIf(missing)('on links of both kinds are done in their order, and the one that fails is named', () => {
    using bench = make();
    const before = bench.state();
    const index = createPair(bench);
    const { index: other } = bench.sandbox.createLink({ name: 'old0', plan: { kind: 'bridge' } });
    const [address, up, route] = attaching(index) as [Operation, Operation, Operation];
    const mixed: readonly Operation[] = [
      address,
      { kind: 'address.add', door: 'sandbox', index: other, prefix: prefix('10.2.0.1/24') },
      up,
      route,
      { kind: 'address.add', door: 'sandbox', index: other, prefix: prefix('10.2.0.1/24') },
      route,
    ];
    const failed = stepErrorOf(() => bench.performAll('sandbox', mixed));
    expect(failed.position).toBe(4);
    expect(failed.cause).toBeInstanceOf(KernelError);
    bench.sandbox.removeAddress(other, prefix('10.2.0.1/24'));
    const again = [up, route, { kind: 'link.change', door: 'sandbox', index, change: { mtu: 1400 } }] as const;
    expect(stepErrorOf(() => bench.performAll('sandbox', again))).toMatchObject({ position: 1 });
    bench.sandbox.removeLink(other);
    bench.rollBack();
    expect(bench.state()).toEqual(before);
  });

  test.skipIf(missing)('may give a link of its own another name, which the record follows', () => {
    using bench = make();
    const before = bench.state();
    const index = createPair(bench);
    bench.performAll('sandbox', [
      { kind: 'address.add', door: 'sandbox', index, prefix: prefix('10.1.0.2/24') },
      { kind: 'link.change', door: 'sandbox', index, change: { name: 'net1' } },
      { kind: 'sysctl.write', door: 'sandbox', key: 'ipv4/conf/net1/arp_notify', value: '1' },
    ]);
    expect(bench.sandbox.readSysctl('ipv4/conf/net1/arp_notify')).toBe('1');
    bench.rollBack();
    expect(bench.state()).toEqual(before);
  });
});
