import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { missingShim, ServedMachine } from './served-machine.ts';

let machine: ServedMachine;
beforeAll(async () => {
  if (missingShim !== undefined) return;
  machine = new ServedMachine();
  await machine.serve();
}, 60_000);
afterAll(async () => {
  await machine?.end();
  machine?.[Symbol.dispose]();
}, 60_000);

const network = (more: object = {}) => ({
  ...{ cniVersion: '1.0.0', name: 'net', type: 'bridge', bridge: 'br0', isGateway: true, ipMasq: true },
  ipam: { type: 'host-local', dataDir: machine.leases, ranges: [[{ subnet: '10.1.0.0/16' }]] },
  ...more,
});
const attachment = (id: string) => ({ id, netns: machine.container().path, ifname: 'eth0' });

/** What is still there of any container; the bridge stays. */
function expectNothingLeft(): void {
  const names = machine.snapshot().links.map(({ name }) => name);
  expect(names.filter((name) => name !== 'br0')).toEqual(['lo']);
  expect(machine.leased('net')).toEqual([]);
  expect(machine.records()).toEqual([]);
}

describe.skipIf(missingShim)('the daemon', () => {
  test('answers the calls of the executables, as they do without it', async () => {
    const before = await machine.status();
    const call = attachment('one');
    const added = machine.call('bridge', { ...call, verb: 'ADD' }, network());
    expect(added).toMatchObject({ status: 0, stderr: '' });
    expect(added.json.interfaces[2]).toMatchObject({ name: 'eth0', sandbox: call.netns });
    const checked = machine.call('bridge', { ...call, verb: 'CHECK' }, network({ prevResult: added.json }));
    expect(checked).toMatchObject({ status: 0, stdout: '' });
    for (let i = 0; i < 2; i++)
      expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0, stdout: '' });
    expect((await machine.status()).calls - before.calls).toBe(4);
    expectNothingLeft();
  });

  test('says what is wrong in the words that there are without it', async () => {
    const own = { id: 'own', netns: machine.host.path, ifname: 'eth0' };
    expect(machine.call('bridge', { ...own, verb: 'ADD' }, network()).json).toMatchObject({ code: 8 });
    expect(machine.call('bridge', { ...own, verb: 'ADD', netns: '/dev/null' }, network()).json.msg).toContain(
      'unknown FS magic on "/dev/null"',
    );
    expect(machine.call('bridge', { ...attachment('bad'), verb: 'ADD' }, '{').json).toMatchObject({ code: 6 });
    const gone = { id: 'gone', netns: '/run/netns/nothing-of-that-name', ifname: 'eth0' };
    expect(machine.call('bridge', { ...gone, verb: 'DEL' }, network())).toMatchObject({ status: 0, stdout: '' });
    expect(machine.call('bridge', { ...gone, verb: 'ADD' }, network()).json.msg).toContain('no such file or directory');
  });

  test('leaves calls from another network namespace to the executable', async () => {
    const before = await machine.status();
    const elsewhere = machine.container();
    const env = { CNI_COMMAND: 'STATUS', CNI_PATH: machine.binaries };
    const { spawnSync } = await import('node:child_process');
    const input = JSON.stringify({ ...network(), cniVersion: '1.1.0' });
    const args = [`--net=${elsewhere.path}`, join(machine.binaries, 'bridge')];
    expect(spawnSync('/usr/bin/nsenter', args, { env, input, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stdout: '',
    });
    expect((await machine.status()).calls).toBe(before.calls);
  });

  test('answers many at once, and gives each an address of its own', async () => {
    const calls = Array.from({ length: 40 }, (_, i) => attachment(`many-${i}`));
    const added = await Promise.all(calls.map((call) => machine.start('bridge', { ...call, verb: 'ADD' }, network())));
    expect(added.map(({ status, stdout }) => (status === 0 ? '' : stdout)).filter(Boolean)).toEqual([]);
    expect(new Set(added.map(({ json }) => json.ips[0].address)).size).toBe(calls.length);
    const removed = await Promise.all(
      calls.map((call) => machine.start('bridge', { ...call, verb: 'DEL' }, network())),
    );
    expect(removed.every(({ status }) => status === 0)).toBe(true);
    expectNothingLeft();
  }, 60_000);

  test('answers calls of one attachment in their order', async () => {
    const call = attachment('ordered');
    const verbs = ['ADD', 'DEL', 'ADD', 'DEL', 'ADD', 'DEL'];
    const answers: Promise<{ readonly status: number | null; readonly stdout: string }>[] = [];
    for (const verb of verbs) {
      answers.push(machine.start('bridge', { ...call, verb }, network()));
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    const ended = await Promise.all(answers);
    expect(ended.map(({ status }) => status)).toEqual(verbs.map(() => 0));
    expectNothingLeft();
  }, 30_000);

  test('answers five hundred at once, and needs little more memory for it', async () => {
    const before = (await machine.status()).residentBytes;
    const namespaces = Array.from({ length: 20 }, () => machine.container().path);
    const calls = Array.from({ length: 500 }, (_, i) => ({
      ...{ id: `many${i}`, netns: namespaces[i % 20] ?? '', ifname: `eth${Math.floor(i / 20)}` },
    }));
    const call = (verb: string) =>
      Promise.all(calls.map((one) => machine.start('bridge', { ...one, verb }, network({ ipMasq: false }))));
    let most = 0;
    const watch = setInterval(async () => {
      most = Math.max(most, (await machine.status()).residentBytes);
    }, 100);
    const added = await call('ADD');
    clearInterval(watch);
    expect(added.filter(({ status }) => status !== 0)).toEqual([]);
    expect(new Set(added.map(({ json }) => json.ips[0].address)).size).toBe(500);
    expect(most).toBeGreaterThan(0);
    expect((most - before) / 2 ** 20).toBeLessThan(200);
    expect((await call('DEL')).filter(({ status }) => status !== 0)).toEqual([]);
    expectNothingLeft();
  }, 120_000);

  test('takes an ADD back whose caller has hung up', async () => {
    for (let after = 1; after <= 40; after += 3) {
      const call = attachment(`hangs-up-${after}`);
      const { status } = await machine.start('bridge', { ...call, verb: 'ADD' }, network(), { killAfter: after });
      if (status === 0) machine.call('bridge', { ...call, verb: 'DEL' }, network());
      else await vi.waitFor(() => expectGoneOrWhole(call.netns), { timeout: 5000 });
      machine.call('bridge', { ...call, verb: 'DEL' }, network());
    }
    expectNothingLeft();
  }, 60_000);

  /** An answer may have been under way: then everything is there. */
  function expectGoneOrWhole(netns: string): void {
    const { links } = machine.snapshot(netns);
    const eth0 = links.find(({ name }) => name === 'eth0');
    expect(eth0 === undefined || eth0.addresses.some(({ prefix }) => prefix.startsWith('10.1.'))).toBe(true);
  }

  test('keeps the policy before in force where a new one cannot be used, and says so', async () => {
    const path = join(machine.root, 'etc/bulkhead/policy.yaml');
    const good = readFileSync(path, 'utf8');
    const call = attachment('policy');
    try {
      writeFileSync(path, `${good}\nnonsense: true\n`);
      expect(machine.call('bridge', { ...call, verb: 'ADD' }, network())).toMatchObject({ status: 0 });
      expect((await machine.status()).broken).toContain('nonsense');
      expect(await machine.ask('/metrics')).toContain('\nbulkhead_policy_in_force 0\n');
      writeFileSync(path, good.replace('\n  bridge:\n', '\n  no-bridge:\n'));
      const refused = machine.call('bridge', { ...attachment('refused'), verb: 'ADD' }, network());
      expect(refused.json.msg).toContain('plugin bridge may not run');
      expect((await machine.status()).broken).toBeUndefined();
      // A plugin that may not run any more keeps nobody from going.
      expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0 });
    } finally {
      writeFileSync(path, good);
    }
    expect(machine.call('bridge', { ...call, verb: 'ADD' }, network())).toMatchObject({ status: 0 });
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0 });
    expectNothingLeft();
  }, 30_000);

  test('counts what it answers', async () => {
    const metrics = await machine.ask('/metrics');
    expect(metrics).toMatch(/^bulkhead_calls_total\{type="bridge",verb="ADD",outcome="ok"\} \d+$/m);
    const labels = 'type="bridge",verb="ADD"';
    expect(metrics).toMatch(new RegExp(`^bulkhead_call_seconds_count\\{${labels}\\} \\d+$`, 'm'));
    for (const phase of ['queue', 'load', 'instantiate', 'guest', 'kernel']) {
      const sum = new RegExp(`^bulkhead_phase_seconds_sum\\{${labels},phase="${phase}"\\} ([\\d.e-]+)$`, 'm').exec(
        metrics,
      );
      expect([phase, Number(sum?.[1]) > 0]).toEqual([phase, true]);
    }
    expect(metrics).toMatch(/^bulkhead_phase_seconds_count\{type="host-local",verb="ADD",phase="guest"\} \d+$/m);
    expect(metrics).toMatch(
      /^bulkhead_host_calls_total\{interface="bulkhead:net\/link-control@0.1.0",function="create"\} \d+$/m,
    );
    expect(metrics).toMatch(/^bulkhead_queue_length 0$/m);
    expect(metrics.endsWith('# EOF\n')).toBe(true);
  });

  test('there is one of an installation', async () => {
    const release = machine.release;
    const { spawnSync } = await import('node:child_process');
    const second = spawnSync(join(release, 'node'), [join(release, 'daemon.mjs'), machine.root], { encoding: 'utf8' });
    expect(second.status).toBe(1);
    expect(second.stderr).toContain('another daemon holds');
  });

  test('stops at once when nobody calls', async () => {
    const start = performance.now();
    expect(await machine.end()).toBe(0);
    expect(performance.now() - start).toBeLessThan(5000);
    await machine.serve();
  }, 60_000);

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'that is ended by %s leaves its calls to the executables',
    async (signal) => {
      const calls = Array.from({ length: 12 }, (_, i) => attachment(`${signal}-${i}`));
      const answers = calls.map((call) => machine.start('bridge', { ...call, verb: 'ADD' }, network()));
      await new Promise((resolve) => setTimeout(resolve, 40));
      await machine.end(signal);
      const added = await Promise.all(answers);
      expect(added.map(({ status, stdout }) => (status === 0 ? '' : stdout)).filter(Boolean)).toEqual([]);
      expect(existsSync(join(machine.root, 'run/bulkhead/daemon/calls.sock'))).toBe(signal === 'SIGKILL');
      for (const call of calls.slice(0, 6)) {
        expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0 });
      }
      await machine.serve(signal === 'SIGTERM' ? 'v8' : undefined);
      for (const call of calls.slice(6)) {
        expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0 });
      }
      expectNothingLeft();
    },
    60_000,
  );
});
