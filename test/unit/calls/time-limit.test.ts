import { afterEach, describe, expect, test } from 'vitest';
import { openLinuxKernel } from '../../../host/kernel/linux/linux-kernel.ts';
import { makeNamespace, missingPrivileges } from '../../kernel/namespace.ts';
import { type Bench, makeBench, network } from './bench.ts';

/** Milliseconds of a call of the plugin, by its policy. The node would let it have half a minute. */
const time = 300;

let bench: Bench;
afterEach(() => bench?.[Symbol.dispose]());

function limit(type: string): void {
  const plugin = bench.plugins.get(type);
  if (plugin === undefined) throw new TypeError(`there is no ${type}`);
  bench.plugins.set(type, { ...plugin, rights: { ...plugin.rights, limits: { time } } });
}

/** Milliseconds. */
function taken(body: () => void): number {
  const started = performance.now();
  body();
  return performance.now() - started;
}

/** By the wait's own end, which the plugin may be told of, or by the engine's. */
const ended = {
  exitCode: 1,
  json: { code: 999, msg: expect.stringMatching(/^wait: .*(time|deadline)|did not end within 300 ms/) },
};

describe.skipIf(missingPrivileges())('the time that a policy gives a plugin, on the real kernel,', () => {
  test('ends a wait of the host’s for it, and what was done is taken back', async () => {
    using host = makeNamespace();
    using container = makeNamespace();
    const kernel = openLinuxKernel({ hostNamespace: host.path });
    const sandbox = kernel.openNamespace(container.path);
    // Neither end is up: the link never comes up by itself.
    const { index } = sandbox.createLink({
      name: 'eth0',
      plan: { kind: 'veth', peerName: 'eth1', peerNamespace: sandbox },
    });
    bench = await makeBench({}, kernel);
    limit('outer');
    const add = ['mtu 1400', 'wait 20000'];
    const outer = { add, check: ['wait 20000'], status: [] };
    const call = (verb: string) => bench.call(verb, { outer }, { netns: container.path });
    expect(taken(() => expect(call('ADD')).toMatchObject(ended))).toBeLessThan(5000);
    expect(sandbox.linkByIndex(index)?.mtu).toBe(1500);
    expect(taken(() => expect(call('CHECK')).toMatchObject(ended))).toBeLessThan(5000);
    expect(bench.records()).toBe(0);
    sandbox.close();
    kernel.close();
  }, 120_000);
});

describe('the time that a policy gives a plugin', () => {
  test('is what everything that waits has to end by, and the delegate has its own', async () => {
    /** Milliseconds left, by what asks. */
    const left: [string, number][] = [];
    bench = await makeBench({
      observe: (stage, { kind }) => stage === 'apply' && left.push([kind, bench.kernel.deadline.remaining]),
    });
    const steps = { outer: { add: ['mtu 1400', 'delegate.add', 'mtu 1300'] }, inner: { add: ['lease 10.1.0.2'] } };
    limit('inner');
    expect(bench.call('ADD', steps)).toMatchObject({ exitCode: 0 });
    expect(left.map(([kind, remaining]) => [kind, remaining <= time])).toEqual([
      ['link.change', false],
      ['lease.reserve', true],
      ['link.change', false],
    ]);
    left.length = 0;
    limit('outer');
    expect(bench.call('ADD', steps, { container: 'c2' })).toMatchObject({ exitCode: 1 });
    expect(left.every(([, remaining]) => remaining <= time)).toBe(true);
    // What takes it back has time of its own.
    const record = { network, containerId: 'c2', interfaceName: 'eth0', type: 'outer' };
    expect(bench.test.node.records.peek(record)).toBeUndefined();
  }, 120_000);
});
