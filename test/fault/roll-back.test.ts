import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KernelError } from '../../host/kernel/errors.ts';
import { MemoryKernel } from '../../host/kernel/memory/memory-kernel.ts';
import { ip } from '../../host/net/ip.ts';
import type { Operation } from '../../host/operations/operation.ts';
import type { Stage } from '../../host/operations/transaction.ts';
import { eventually } from '../kernel/contract/world.ts';
import { type Bench, benches } from './bench.ts';

/** What happens at a stage of an operation; may throw. */
type Hook = (stage: Stage, operation: Operation) => void;

/** Stages of operations, numbered as they come. */
function counting(hook: (number: number, stage: Stage) => void): Hook {
  let number = 0;
  return (stage) => hook(number++, stage);
}

describe.each(benches)('a bridge ADD that fails, on $name', ({ missing, make }) => {
  let bench: Bench;
  let hook: Hook = () => undefined;
  beforeAll(async () => {
    if (missing === undefined) bench = await make({ over: { observe: (stage, operation) => hook(stage, operation) } });
  });
  afterAll(() => bench?.[Symbol.dispose]());

  /** Every stage of every operation of an ADD that succeeds, nested ones of the delegate included. */
  function stagesOfSuccess(): Stage[] {
    const stages: Stage[] = [];
    hook = (stage) => stages.push(stage);
    expect(bench.bridge('ADD', 0)).toMatchObject({ exitCode: 0 });
    hook = () => undefined;
    expect(bench.bridge('DEL', 0)).toMatchObject({ exitCode: 0 });
    removeBridge();
    return stages;
  }

  function removeBridge(): void {
    const link = bench.kernel.host.linkByName('cni0');
    if (link !== undefined) bench.kernel.host.removeLink(link.index);
    bench.kernel.host.writeSysctl('ipv4/ip_forward', '0');
    bench.kernel.host.writeSysctl('ipv6/conf/all/forwarding', '0');
  }

  test.skipIf(missing)(
    'leaves the kernel, the leases and the records as they were, whichever operation fails',
    () => {
      removeBridge();
      const stages = stagesOfSuccess();
      expect(stages.length).toBeGreaterThan(60);
      const before = bench.state();
      for (const [number, stage] of stages.entries()) {
        hook = counting((now) => {
          if (now === number) throw new KernelError('do what the test does not let it', 5);
        });
        const { exitCode, json } = bench.bridge('ADD', 0);
        hook = () => undefined;
        // A bridge that cannot write a setting of its own goes on, as the reference does.
        if (exitCode === 0) expect(bench.bridge('DEL', 0)).toMatchObject({ exitCode: 0 });
        else expect(json.msg, `at ${number} (${stage})`).toContain('input/output error');
        if (exitCode === 0) removeBridge();
        eventually(() => expect(bench.state(), `after a failure at ${number} (${stage})`).toEqual(before));
      }
    },
    120_000,
  );

  test.skipIf(missing)(
    'does so too when the host fails in a way that no one expects',
    () => {
      removeBridge();
      const stages = stagesOfSuccess();
      const before = bench.state();
      for (const number of stages.keys()) {
        hook = counting((now) => {
          if (now === number) throw new TypeError('a fault of the host');
        });
        expect(bench.bridge('ADD', 0).json, `at ${number}`).toMatchObject({ code: 999 });
        hook = () => undefined;
        eventually(() => expect(bench.state(), `after a failure at ${number}`).toEqual(before));
      }
    },
    120_000,
  );

  test.skipIf(missing)(
    'on a bridge that was there, leaves that as it was',
    () => {
      removeBridge();
      const stages = stagesOfSuccess();
      const { index } = bench.kernel.host.createLink({ name: 'cni0', plan: { kind: 'bridge' }, mtu: 1400 });
      bench.kernel.host.changeLink(index, { up: true });
      // A bridge that has had a port and an address has them for good: its hardware address and link-local address.
      expect(bench.bridge('ADD', 0)).toMatchObject({ exitCode: 0 });
      expect(bench.bridge('DEL', 0)).toMatchObject({ exitCode: 0 });
      // Once it has neither port nor anything left to settle.
      eventually(() => expect(bench.kernel.host.linkByName('cni0')?.state).toBe('down'));
      const addresses = () => bench.kernel.host.addresses().map(({ state }) => state);
      if (!(bench.kernel instanceof MemoryKernel)) eventually(() => expect(addresses()).not.toContain('tentative'));
      const before = bench.state();
      for (const number of stages.keys()) {
        hook = counting((now) => {
          if (now === number) throw new TypeError('a fault of the host');
        });
        bench.bridge('ADD', 0);
        hook = () => undefined;
        bench.bridge('DEL', 0);
        eventually(() => expect(bench.state(), `after a failure at ${number}`).toEqual(before));
      }
    },
    120_000,
  );

  test.skipIf(missing)(
    'is taken back by the DEL that follows where the host was killed',
    () => {
      removeBridge();
      const stages = stagesOfSuccess();
      const before = bench.state();
      for (const number of stages.keys()) {
        // From here on the process does nothing any more: neither operations nor a roll-back.
        let dead = false;
        hook = counting((now) => {
          if (now < number && !dead) return;
          dead = true;
          throw new TypeError('killed');
        });
        const kernel = bench.test.node.kernel;
        const recover = kernel.recover.bind(kernel);
        kernel.recover = () => {
          if (dead) throw new Error('dead processes do not roll back');
        };
        bench.bridge('ADD', 0);
        hook = () => undefined;
        kernel.recover = recover;
        expect(bench.bridge('DEL', 0), `after being killed at ${number}`).toMatchObject({ exitCode: 0 });
        eventually(() => expect(bench.state(), `after being killed at ${number}`).toEqual(before));
      }
    },
    120_000,
  );

  test.skipIf(missing).each([0, 6, 15])(
    'does not cut off a container that was attached %i stages before, at any time',
    (later) => {
      removeBridge();
      for (const [number, stage] of stagesOfSuccess().entries()) {
        // Other stages hold the lock of their object.
        if (stage !== 'authorize') continue;
        let attached: ReturnType<Bench['bridge']> | undefined;
        let now = 0;
        const meanwhile: Hook = () => {
          const at = now++;
          if (at === number) {
            hook = () => undefined;
            attached = bench.bridge('ADD', 1);
            hook = meanwhile;
          }
          if (at === number + later) throw new TypeError('a fault of the host');
        };
        hook = meanwhile;
        const first = bench.bridge('ADD', 0);
        hook = () => undefined;
        if (later === 0) expect(first.exitCode, `at ${number}`).toBe(1);
        if (first.exitCode === 0) expect(bench.bridge('DEL', 0), `at ${number}`).toMatchObject({ exitCode: 0 });
        expect(attached, `at ${number}: ${attached?.stdout}`).toMatchObject({ exitCode: 0 });
        expectReachable(bench, attached?.json.ips[0].address.split('/')[0]);
        expect(bench.bridge('DEL', 1), `at ${number}`).toMatchObject({ exitCode: 0 });
        removeBridge();
      }
    },
    120_000,
  );
});

/** The container has its route, the gateway its address, the bridge its port, the host its forwarding. On the model, it answers too. */
function expectReachable({ kernel, sandboxes }: Bench, address: string): void {
  const { host } = kernel;
  const bridge = host.linkByName('cni0');
  expect(bridge).toMatchObject({ up: true, state: 'up' });
  expect(host.addresses(bridge?.index).map(({ prefix }) => prefix)).toEqual(
    expect.arrayContaining(['10.1.0.1/24', 'fd00:1::1/64']),
  );
  expect(host.links().filter(({ controller }) => controller === bridge?.index)).toHaveLength(1);
  expect([host.readSysctl('ipv4/ip_forward'), host.readSysctl('ipv6/conf/all/forwarding')]).toEqual(['1', '1']);
  const sandbox = kernel.openNamespace(sandboxes[1]);
  expect(sandbox.routes().map(({ destination, gateway }) => `${destination} ${gateway}`)).toContain(
    '0.0.0.0/0 10.1.0.1',
  );
  if (kernel instanceof MemoryKernel) {
    expect(kernel.echo(sandbox, ip('10.1.0.1'))).toMatchObject({ kind: 'answered' });
    expect(kernel.echo(host, ip(address))).toMatchObject({ kind: 'answered' });
  }
  sandbox.close();
}
