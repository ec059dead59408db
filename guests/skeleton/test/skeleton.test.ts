import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGuest, createMemoryKernel, makeTestNode } from 'bulkhead/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const directory = dirname(dirname(fileURLToPath(import.meta.url)));
const kernel = createMemoryKernel();
kernel.addNamespace('/run/netns/a');
kernel.openNamespace('/run/netns/a').createLink({ name: 'eth0', plan: { kind: 'dummy' } });
let bench: Awaited<ReturnType<typeof makeTestNode>>;
let type: string;

/** The call of a runtime, as its environment has it. */
const environment = (verb: string) => ({
  CNI_COMMAND: verb,
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/run/netns/a',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin',
});
const configuration = (more: object) => ({ cniVersion: '1.1.0', name: 'net', type, ...more });

beforeAll(async () => {
  const built = await buildGuest({ directory });
  type = built.name;
  bench = await makeTestNode(kernel, [built.component]);
}, 60_000);
afterAll(() => bench[Symbol.dispose]());

const eth0 = () => kernel.openNamespace('/run/netns/a').linkByName('eth0');
const previous = { cniVersion: '1.1.0', interfaces: [{ name: 'eth0', sandbox: '/run/netns/a' }] };

describe('the plugin', () => {
  test('sets the MTU on ADD and passes the previous result on; DEL puts the MTU back', () => {
    const { json } = bench.call(type, environment('ADD'), configuration({ mtu: 1400, prevResult: previous }));
    expect(json.interfaces).toMatchObject([{ name: 'eth0', sandbox: '/run/netns/a', mtu: 1400 }]);
    expect(eth0()?.mtu).toBe(1400);
    expect(bench.logged).toContain(`info: ${type}: eth0 has an MTU of 1400, after 1500`);
    expect(bench.call(type, environment('DEL'), configuration({ mtu: 1400 }))).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    expect(eth0()?.mtu).toBe(1500);
  });

  test('CHECK finds an MTU that somebody has changed', () => {
    const config = configuration({ mtu: 1500, prevResult: previous });
    expect(bench.call(type, environment('CHECK'), config)).toMatchObject({ exitCode: 0 });
    const other = configuration({ mtu: 1280, prevResult: previous });
    expect(bench.call(type, environment('CHECK'), other).json.msg).toBe('eth0 has an MTU of 1500, not 1280');
  });

  test.each([
    [{}, 7, 'invalid configuration: the configuration: Instance does not have required property "mtu".'],
    [{ mtu: 10 }, 7, 'invalid configuration: mtu: 10 is less than 68.'],
  ])('a configuration %j is refused', (more, code, msg) => {
    expect(bench.call(type, environment('ADD'), configuration(more)).json).toMatchObject({ code, msg });
  });
});
