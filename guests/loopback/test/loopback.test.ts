import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGuest, createMemoryKernel, type MemoryKernel, makeTestNode, type TestNode } from 'bulkhead/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import type { NetworkNamespace } from '../../../host/kernel/kernel.ts';
import { ip } from '../../../host/net/ip.ts';
import { ipPrefix } from '../../../host/net/prefix.ts';

const directory = dirname(dirname(fileURLToPath(import.meta.url)));
const netns = '/run/netns/a';
let component: Uint8Array;

beforeAll(async () => {
  component = (await buildGuest({ directory })).component;
}, 60_000);

/** A kernel with one namespace, and a node with the plugin. */
async function start(): Promise<{ kernel: MemoryKernel; sandbox: NetworkNamespace; bench: TestNode }> {
  const kernel = createMemoryKernel();
  kernel.addNamespace(netns);
  return { kernel, sandbox: kernel.openNamespace(netns), bench: await makeTestNode(kernel, [component]) };
}

/** The call of a runtime; without a path, the container has no namespace any more. */
const environment = (verb: string, path = netns) => ({
  CNI_COMMAND: verb,
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: path,
  CNI_IFNAME: 'eth0',
  CNI_ARGS: 'none',
  CNI_PATH: '/opt/cni/bin',
});
const configuration = (cniVersion: string, more = {}) => ({ cniVersion, name: 'lo', type: 'loopback', ...more });
const isUp = (sandbox: NetworkNamespace) => sandbox.linkByName('lo')?.up;

describe('loopback', () => {
  test('ADD sets lo up, whatever the interface is called, and names its addresses', async () => {
    const { sandbox, bench } = await start();
    using _ = bench;
    const { json } = bench.call('loopback', environment('ADD'), configuration('1.0.0'));
    expect(isUp(sandbox)).toBe(true);
    expect(json).toEqual({
      cniVersion: '1.0.0',
      interfaces: [{ name: 'lo', mac: '00:00:00:00:00:00', sandbox: netns }],
      ips: [
        { address: '127.0.0.1/8', interface: 0 },
        { address: '::1/128', interface: 0 },
      ],
    });
  });

  test.each([
    ['0.2.0', { ip4: { ip: '127.0.0.1/8' }, ip6: { ip: '::1/128' } }],
    ['0.3.1', { ips: [{ version: '4', address: '127.0.0.1/8' }, { version: '6' }] }],
  ])('the result is in the shape of version %s', async (version, shape) => {
    const { bench } = await start();
    using _ = bench;
    expect(bench.call('loopback', environment('ADD'), configuration(version)).json).toMatchObject({
      cniVersion: version,
      ...shape,
    });
  });

  test('a previous result is passed through as it is', async () => {
    const { sandbox, bench } = await start();
    using _ = bench;
    const previous = {
      cniVersion: '1.0.0',
      interfaces: [{ name: 'tap0', sandbox: netns, mac: '02:00:00:00:00:01' }],
      ips: [{ address: '10.1.2.3/24', interface: 0 }],
    };
    const { json } = bench.call('loopback', environment('ADD'), configuration('1.0.0', { prevResult: previous }));
    expect(json).toEqual(previous);
    expect(isUp(sandbox)).toBe(true);
  });

  test('an address that is none of a loopback interface is refused, and lo goes down again', async () => {
    const { sandbox, bench } = await start();
    using _ = bench;
    sandbox.addAddress(sandbox.linkByName('lo')?.index ?? 0, ipPrefix(ip('10.0.0.1'), 32));
    const { json } = bench.call('loopback', environment('ADD'), configuration('1.0.0'));
    expect(json).toMatchObject({
      code: 999,
      msg: 'loopback interface found with non-loopback address "10.0.0.1"',
    });
    expect(isUp(sandbox)).toBe(false);
  });

  test('DEL sets lo down, again and again, and without a namespace', async () => {
    const { kernel, sandbox, bench } = await start();
    using _ = bench;
    bench.call('loopback', environment('ADD'), configuration('1.0.0'));
    const del = (path?: string) => bench.call('loopback', environment('DEL', path), configuration('1.0.0'));
    expect(del()).toMatchObject({ exitCode: 0, stdout: '' });
    expect(isUp(sandbox)).toBe(false);
    expect(del()).toMatchObject({ exitCode: 0, stdout: '' });
    expect(del('')).toMatchObject({ exitCode: 0, stdout: '' });
    kernel.removeNamespace(netns);
    expect(del()).toMatchObject({ exitCode: 0, stdout: '' });
  });

  test('CHECK says whether lo is up', async () => {
    const { bench } = await start();
    using _ = bench;
    const check = () =>
      bench.call('loopback', environment('CHECK'), configuration('1.0.0', { prevResult: { cniVersion: '1.0.0' } }));
    expect(check().json).toMatchObject({ code: 999, msg: 'loopback interface is down' });
    bench.call('loopback', environment('ADD'), configuration('1.0.0'));
    expect(check()).toMatchObject({ exitCode: 0, stdout: '' });
  });
});
