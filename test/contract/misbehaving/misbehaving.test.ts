import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGuest, createMemoryKernel, makeTestNode } from 'bulkhead/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defaultLimits } from '../../../host/cli/node.ts';
import { snapshot } from '../../../host/kernel/snapshot.ts';
import { describeEachEngine, makeTestEngine, type TestEngine } from '../engines.ts';

describeEachEngine('a plugin that misbehaves', (name) => {
  const sandboxPath = '/run/netns/a';
  const kernel = createMemoryKernel();
  kernel.addNamespace(sandboxPath);
  const sandbox = kernel.openNamespace(sandboxPath);
  let bench: Awaited<ReturnType<typeof makeTestNode>>;
  let engine: TestEngine;

  beforeAll(async () => {
    const directory = join(dirname(fileURLToPath(import.meta.url)), 'guest');
    const { component } = await buildGuest({ directory });
    const limits = { ...defaultLimits, time: 500, log: 2000, handles: 8, hostCalls: 200, memory: 4 * 1024 * 1024 };
    engine = makeTestEngine(name);
    await engine.load(component);
    bench = await makeTestNode(kernel, [component], { limits, engine: engine.engine });
  }, 60_000);
  afterAll(() => {
    bench[Symbol.dispose]();
    engine[Symbol.dispose]();
  });

  beforeEach(() => {
    bench.logged.length = 0;
    for (const link of sandbox.links()) if (link.name === 'eth0') sandbox.removeLink(link.index);
    sandbox.createLink({ name: 'eth0', plan: { kind: 'dummy' } });
  });

  function call(verb: string, more: object = {}) {
    const environment = {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: 'c1',
      CNI_NETNS: sandboxPath,
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/opt/cni/bin',
    };
    const previous = verb === 'CHECK' ? { prevResult: { cniVersion: '1.1.0' } } : {};
    const configuration = { cniVersion: '1.1.0', name: 'net', type: 'misbehaving', ...previous, ...more };
    return bench.call('misbehaving', environment, configuration);
  }

  const mtu = () => sandbox.linkByName('eth0')?.mtu;
  const state = () => JSON.stringify([snapshot(kernel.host), snapshot(sandbox)]);

  describe('a result that is not true', () => {
    const eth0 = { name: 'eth0', sandbox: sandboxPath };
    test.each([
      [
        'an interface that does not exist',
        { interfaces: [{ name: 'eth7', sandbox: sandboxPath }] },
        `interface eth7 does not exist in ${sandboxPath}`,
      ],
      [
        'one of the host that does not exist',
        { interfaces: [{ name: 'eth0' }] },
        'interface eth0 does not exist in the host',
      ],
      [
        "another container's",
        { interfaces: [{ name: 'eth0', sandbox: '/run/netns/b' }] },
        "interface eth0 is in sandbox /run/netns/b, which is not this attachment's",
      ],
      [
        'an address on an interface that is not in the list',
        { interfaces: [eth0], addresses: [{ prefix: '10.1.0.2/24', position: 1 }] },
        'address 10.1.0.2/24 is on interface 1, and there are 1',
      ],
      [
        'an address that nobody has',
        { interfaces: [eth0], addresses: [{ prefix: '10.1.0.2/24', position: 0 }] },
        'address 10.1.0.2/24 is neither in the sandbox nor assigned to this attachment',
      ],
    ])('with %s fails the ADD, which is taken back', (_, claim, why) => {
      const before = state();
      const { exitCode, json } = call('ADD', claim);
      expect(exitCode).toBe(1);
      expect(json).toMatchObject({ code: 999, msg: `the plugin's result is not true: ${why}` });
      expect(state()).toBe(before);
    });

    test('gets hardware addresses and MTUs from the kernel, whatever the plugin says', () => {
      const { json } = call('ADD', { interfaces: [eth0] });
      expect(json.interfaces).toEqual([{ ...eth0, mac: sandbox.linkByName('eth0')?.mac, mtu: 1400 }]);
      expect(call('DEL')).toMatchObject({ exitCode: 0 });
    });
  });

  test('what a plugin asks while it starts is answered as in its call', () => {
    expect(call('ADD', { way: 'tell the start' }).json).toMatchObject({ code: 999, msg: sandboxPath });
  });

  describe('an error of a plugin', () => {
    test.each([
      [7, 7],
      [11, 11],
      [50, 50],
      [51, 51],
      [100, 100],
      [4_000_000_000, 4_000_000_000],
      // These tell a runtime what only the host can know; 3 would stop it from cleaning up.
      [0, 999],
      [1, 999],
      [3, 999],
      [4, 999],
      [99, 999],
    ])('with code %i has code %i', (code, told) => {
      expect(call('ADD', { way: 'fail', code, message: 'no' }).json).toMatchObject({ code: told, msg: 'no' });
      expect(mtu()).toBe(1500);
    });

    test('says nothing that a terminal would obey', () => {
      const { json } = call('ADD', { way: 'fail', code: 100, message: 'a\u001b[2Jb\nc\u009bd\u202ee' });
      expect(json.msg).toBe('a\\x1b[2Jb\\nc\\x9bd\\u{202e}e');
    });

    test('nor does what it logs', () => {
      call('ADD', { way: 'log', message: 'a\u001b]0;title\u0007b\r\nbulkhead: error: forged' });
      expect(bench.logged).toEqual(['warn: misbehaving: a\\x1b]0;title\\x07b\\x0d\\nbulkhead: error: forged']);
      call('DEL');
    });
  });

  describe('an ADD that', () => {
    test.each([
      ['logs without end', 'chatter', 'limit: log'],
      ['loops', 'loop', 'limit: time'],
      ['recurses without end', 'recurse', 'limit: stack'],
      ['allocates without end', 'allocate', 'limit: memory'],
      ['opens namespaces without end', 'hoard', 'limit: handles'],
      ['asks the host without end', 'ask', 'limit: hostCalls'],
      ['asks for more than it may, much at once', 'pile up', 'limit: hostCalls'],
      ['traps', 'trap', undefined],
    ])('%s ends with an error that names the limit, and is taken back', (_, way, details) => {
      const before = state();
      const { exitCode, json } = call('ADD', { way });
      expect(exitCode).toBe(1);
      expect(json.code).toBe(999);
      expect(json.msg).toMatch(/^plugin misbehaving: /);
      expect(json.details).toBe(details);
      expect(json.msg).not.toMatch(/\n|\.ts:/);
      expect(state()).toBe(before);
    });

    test('removes a link is not allowed to', () => {
      expect(call('ADD', { way: 'remove' }).json.msg).toBe(
        'remove: denied: ADD does not take away; the host does where it fails',
      );
      expect(mtu()).toBe(1500);
    });
  });

  describe('a DEL that', () => {
    const attach = () => expect(call('ADD', { interfaces: [{ name: 'eth0', sandbox: sandboxPath }] }).exitCode).toBe(0);

    test.each(['loop', 'trap', 'allocate', 'recurse', 'chatter', 'hoard', 'ask'])(
      'ends badly (%s) is made up for by the record',
      (delWay) => {
        attach();
        expect(mtu()).toBe(1400);
        expect(call('DEL', { delWay })).toMatchObject({ exitCode: 0, stdout: '' });
        expect(mtu()).toBe(1500);
        expect(bench.logged.at(-1)).toMatch(/^warn: DEL goes by the record: /);
      },
    );

    test('sets something is not allowed to, and what ADD did is still taken back', () => {
      attach();
      expect(call('DEL', { delWay: 'change' })).toMatchObject({ exitCode: 0, stdout: '' });
      expect(bench.logged.at(-1)).toBe('warn: DEL goes by the record: change: denied: DEL only takes away');
      expect(mtu()).toBe(1500);
    });

    test('sets something is not allowed to where there is no record either, and says so', () => {
      expect(call('DEL', { delWay: 'change' }).json.msg).toBe('change: denied: DEL only takes away');
    });

    test('fails says so, until it does not', () => {
      attach();
      expect(call('DEL', { delWay: 'fail', code: 11, message: 'later' }).json).toMatchObject({
        code: 11,
        msg: 'later',
      });
      expect(call('DEL', {})).toMatchObject({ exitCode: 0 });
      expect(call('DEL', {})).toMatchObject({ exitCode: 0 });
    });
  });

  test.each(['change', 'down', 'remove'])('a CHECK that would %s something is not allowed to', (checkWay) => {
    const before = state();
    expect(call('CHECK', { checkWay }).json.msg).toBe(`${checkWay}: denied: CHECK changes nothing`);
    expect(state()).toBe(before);
  });
});
