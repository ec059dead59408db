import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../kernel/contract/world.ts';
import { Machine, missing } from './installation.ts';

let machine: Machine;
beforeAll(() => {
  if (missing === undefined) machine = new Machine();
}, 60_000);
afterAll(() => machine?.[Symbol.dispose]());

const network = (more: object = {}) => ({
  cniVersion: '1.1.0',
  name: 'net',
  type: 'bridge',
  bridge: 'cni0',
  isDefaultGateway: true,
  ipam: { type: 'host-local', dataDir: machine.leases, ranges: [[{ subnet: '10.1.0.0/24' }]] },
  ...more,
});
const lo = { cniVersion: '0.3.1', name: 'cni-loopback', type: 'loopback' };

/** Nothing of any container is left; the bridge stays, as with the reference. */
function expectNothingLeft(): void {
  expect(
    machine
      .snapshot()
      .links.map(({ name }) => name)
      .filter((name) => name !== 'cni0'),
  ).toEqual(['lo']);
  expect(machine.leased('net')).toEqual([]);
  expect(machine.records()).toEqual([]);
}

describe.skipIf(missing)('a runtime', () => {
  test('attaches, checks and detaches a container, and may detach it again', () => {
    const { path } = machine.container();
    const call = { id: 'c1', netns: path, ifname: 'eth0' };
    expect(machine.call('loopback', { ...call, verb: 'ADD', ifname: 'lo' }, lo)).toMatchObject({
      status: 0,
      stderr: '',
    });
    const added = machine.call('bridge', { ...call, verb: 'ADD' }, network());
    expect(added).toMatchObject({ status: 0, stderr: '' });
    expect(added.json.interfaces.map(({ name }: { name: string }) => name)).toEqual([
      'cni0',
      expect.stringMatching(/^veth[0-9a-f]{8}$/),
      'eth0',
    ]);
    expect(added.json.ips).toEqual([
      { address: expect.stringMatching(/^10\.1\.0\.\d+\/24$/), gateway: '10.1.0.1', interface: 2 },
    ]);
    const checked = machine.call('bridge', { ...call, verb: 'CHECK' }, network({ prevResult: added.json }));
    expect(checked).toMatchObject({ status: 0, stdout: '' });
    for (const times of ['once', 'twice']) {
      expect([
        times,
        machine.call('bridge', { ...call, verb: 'DEL' }, network({ prevResult: added.json })),
      ]).toMatchObject([times, { status: 0, stdout: '' }]);
    }
    expect(machine.call('loopback', { ...call, verb: 'DEL', ifname: 'lo' }, lo)).toMatchObject({
      status: 0,
      stdout: '',
    });
    expectNothingLeft();
  }, 30_000);

  test('like containerd: loopback beside the network, DEL thrice, twice without a namespace', async () => {
    const { path } = machine.container();
    const args = 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=a;K8S_POD_INFRA_CONTAINER_ID=c2;K8S_POD_UID=u';
    const call = { id: 'c2', netns: path, ifname: 'eth0', args };
    const [first, second] = await Promise.all([
      machine.start('loopback', { ...call, verb: 'ADD', ifname: 'lo' }, lo),
      machine.start('bridge', { ...call, verb: 'ADD' }, network({ cniVersion: '1.0.0' })),
    ]);
    expect([first.status, second.status]).toEqual([0, 0]);
    expect(
      machine.call('bridge', { ...call, verb: 'DEL' }, network({ cniVersion: '1.0.0', prevResult: second.json })),
    ).toMatchObject({ status: 0 });
    for (let i = 0; i < 2; i++) {
      const gone = { ...call, verb: 'DEL', netns: '' };
      expect(machine.call('bridge', gone, network({ cniVersion: '1.0.0' }))).toMatchObject({ status: 0, stdout: '' });
      expect(machine.call('loopback', { ...gone, ifname: 'lo' }, lo)).toMatchObject({ status: 0, stdout: '' });
    }
    expectNothingLeft();
  }, 30_000);

  test('like podman: 0.4.0, address and MAC in CNI_ARGS', () => {
    const { path } = machine.container();
    const call = {
      id: 'c3',
      netns: path,
      ifname: 'eth0',
      args: 'IgnoreUnknown=1;K8S_POD_NAME=x;MAC=0a:58:0a:01:00:63;IP=10.1.0.99',
    };
    const added = machine.call('bridge', { ...call, verb: 'ADD' }, network({ cniVersion: '0.4.0' }));
    expect(added.json).toMatchObject({
      cniVersion: '0.4.0',
      ips: [{ version: '4', address: '10.1.0.99/24', interface: 2 }],
      interfaces: [{}, {}, { name: 'eth0', mac: '0a:58:0a:01:00:63', sandbox: path }],
    });
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, network({ cniVersion: '0.4.0' }))).toMatchObject({
      status: 0,
    });
    expectNothingLeft();
  }, 30_000);

  test('attaches eight containers at once, which make the bridge together', async () => {
    machine.run(machine.host.path, 'ip link del cni0');
    const containers = Array.from({ length: 8 }, (_, i) => ({
      id: `many${i}`,
      netns: machine.container().path,
      ifname: 'eth0',
    }));
    const added = await Promise.all(
      containers.map((call) => machine.start('bridge', { ...call, verb: 'ADD' }, network())),
    );
    expect(added.map(({ status, stdout }) => [status, status === 0 ? '' : stdout])).toEqual(
      containers.map(() => [0, '']),
    );
    expect(new Set(added.map(({ json }) => json.ips[0].address)).size).toBe(8);
    const ports = machine.snapshot().links.filter(({ controller }) => controller === 'cni0');
    expect(ports).toHaveLength(8);
    const removed = await Promise.all(
      containers.map((call) => machine.start('bridge', { ...call, verb: 'DEL' }, network())),
    );
    expect(removed.map(({ status }) => status)).toEqual(containers.map(() => 0));
    expectNothingLeft();
  }, 60_000);

  test.each(['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'])(
    'gets a result in version %s',
    (cniVersion) => {
      const call = { id: 'v', netns: machine.container().path, ifname: 'eth0' };
      const { status, json } = machine.call('bridge', { ...call, verb: 'ADD' }, network({ cniVersion }));
      expect([status, json.cniVersion]).toEqual([0, cniVersion]);
      expect(cniVersion < '0.3.0' ? json.ip4.ip : json.ips[0].address).toMatch(/^10\.1\.0\.\d+\/24$/);
      expect(machine.call('bridge', { ...call, verb: 'DEL' }, network({ cniVersion }))).toMatchObject({ status: 0 });
      expectNothingLeft();
    },
  );

  test('asks for the version and the status', () => {
    expect(machine.call('bridge', { verb: 'VERSION' }, '').json).toMatchObject({ cniVersion: '1.1.0' });
    expect(
      machine.call('bridge', { verb: 'STATUS', id: '', netns: '', ifname: '', args: '' }, network()),
    ).toMatchObject({ status: 0, stdout: '' });
  });

  test('that attaches twice gets an error, and the container stays attached', () => {
    const { path } = machine.container();
    const call = { id: 'c4', netns: path, ifname: 'eth0' };
    expect(machine.call('bridge', { ...call, verb: 'ADD' }, network())).toMatchObject({ status: 0 });
    const before = [machine.snapshot(), machine.snapshot(path), machine.leased('net')];
    const again = machine.call('bridge', { ...call, verb: 'ADD' }, network());
    expect(again).toMatchObject({ status: 1, json: { code: 999, msg: expect.stringContaining('already exists') } });
    expect([machine.snapshot(), machine.snapshot(path), machine.leased('net')]).toEqual(before);
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0 });
    expectNothingLeft();
  }, 30_000);

  test('that did not hear the answer of a daemon which died gets it by asking again, but only for the same call', () => {
    const { path: netns } = machine.container();
    const call = { id: 'again', netns, ifname: 'eth0', verb: 'ADD' };
    const ask = (number: string) => machine.callHost('bridge', call, network(), number);
    const first = ask('4711');
    expect(first).toMatchObject({ status: 0, json: { ips: [{}] } });
    const before = machine.snapshot();
    expect(ask('4711')).toEqual(first);
    expect(machine.snapshot()).toEqual(before);
    expect(ask('4712')).toMatchObject({ status: 1, json: { code: 999 } });
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0 });
    expect(ask('4711')).toMatchObject({ status: 0, json: { ips: [{}] } });
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0 });
    expectNothingLeft();
  }, 30_000);

  test('that detaches after the namespace is gone leaves nothing', () => {
    const container = machine.container();
    const call = { id: 'c5', netns: container.path, ifname: 'eth0' };
    expect(machine.call('bridge', { ...call, verb: 'ADD' }, network())).toMatchObject({ status: 0 });
    container.remove();
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0, stdout: '' });
    eventually(expectNothingLeft);
  }, 30_000);

  test('that detaches without saying the namespace, which is still there, leaves nothing', () => {
    const { path } = machine.container();
    const call = { id: 'c6', netns: path, ifname: 'eth0' };
    expect(machine.call('bridge', { ...call, verb: 'ADD' }, network())).toMatchObject({ status: 0 });
    expect(machine.call('bridge', { ...call, verb: 'DEL', netns: '' }, network())).toMatchObject({
      status: 0,
      stdout: '',
    });
    expectNothingLeft();
    expect(machine.snapshot(path).links.map(({ name }) => name)).toEqual(['lo']);
  }, 30_000);

  test('whose path leads to another namespace by now does not touch what is there', () => {
    const [first, second] = [machine.container(), machine.container()];
    const call = { id: 'c7', ifname: 'eth0' };
    expect(machine.call('bridge', { ...call, netns: first.path, verb: 'ADD' }, network())).toMatchObject({ status: 0 });
    machine.run(second.path, 'ip link add eth0 type veth peer name other');
    const before = machine.snapshot(second.path);
    expect(machine.call('bridge', { ...call, netns: second.path, verb: 'DEL' }, network())).toMatchObject({
      status: 0,
    });
    expect(machine.snapshot(second.path)).toEqual(before);
    expectNothingLeft();
  }, 30_000);

  test('that kills an ADD at any moment, and then detaches, leaves nothing', async () => {
    for (let after = 20; after <= 150; after += 10) {
      const call = { id: `killed${after}`, netns: machine.container().path, ifname: 'eth0' };
      await machine.start('bridge', { ...call, verb: 'ADD' }, network(), { killAfter: after });
      expect(machine.call('bridge', { ...call, verb: 'DEL' }, network()), `after ${after} ms`).toMatchObject({
        status: 0,
      });
      expectNothingLeft();
    }
  }, 60_000);

  test('collects garbage: what it does not list goes, and without a list nothing does', () => {
    const calls = ['keep', 'stale'].map((id) => ({ id, netns: machine.container().path, ifname: 'eth0' }));
    for (const call of calls)
      expect(machine.call('bridge', { ...call, verb: 'ADD' }, network())).toMatchObject({ status: 0 });
    const [keep, stale] = calls as [(typeof calls)[0], (typeof calls)[0]];
    expect(machine.call('bridge', { verb: 'GC' }, network())).toMatchObject({ status: 0, stdout: '' });
    expect(machine.leased('net')).toHaveLength(2);
    const valid = [{ containerID: 'keep', ifname: 'eth0' }];
    expect(machine.call('bridge', { verb: 'GC' }, network({ 'cni.dev/valid-attachments': valid }))).toMatchObject({
      status: 0,
      stdout: '',
    });
    expect(machine.leased('net')).toHaveLength(1);
    expect(machine.snapshot(stale.netns).links.map(({ name }) => name)).toEqual(['lo']);
    expect(machine.snapshot(keep.netns).links.map(({ name }) => name)).toContain('eth0');
    expect(machine.call('bridge', { ...keep, verb: 'DEL' }, network())).toMatchObject({ status: 0 });
    expectNothingLeft();
  }, 30_000);

  test.each([
    ['an address that is gone', 'ip addr flush dev eth0 scope global', 'Failed to match addr'],
    ['a route that is gone', 'ip route del default', 'not found in routing table'],
    ['another hardware address', 'ip link set eth0 address 0a:00:00:00:00:01', "doesn't match"],
    ['an interface that is gone', 'ip link del eth0', 'not found'],
  ])(
    'finds by CHECK %s',
    (_, tamper, message) => {
      const { path } = machine.container();
      const call = { id: 'tampered', netns: path, ifname: 'eth0' };
      const { json: prevResult } = machine.call('bridge', { ...call, verb: 'ADD' }, network());
      machine.run(path, tamper);
      const checked = machine.call('bridge', { ...call, verb: 'CHECK' }, network({ prevResult }));
      expect(checked).toMatchObject({ status: 1, json: { msg: expect.stringContaining(message) } });
      expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0 });
      expectNothingLeft();
    },
    30_000,
  );
});
