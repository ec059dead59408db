import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Node } from '../../../host/calls/node.ts';
import type { Engine, LoadedComponent } from '../../../host/engine/engine.ts';
import { EngineError } from '../../../host/engine/errors.ts';
import { type Bench, inside, makeBench, mtuIn, network, sandboxPath, setMtu } from './bench.ts';

const other = '/run/netns/b';
const leased = { add: ['lease 10.1.0.2'] };
const attaching = { outer: { add: ['delegate.add', 'claim 10.1.0.2/24', 'mtu 1400'] }, inner: leased };
const attached = { json: { ips: [{ address: '10.1.0.2/24' }] } };

let bench: Bench;
/** Whether a component cannot be loaded any more. */
let isBroken = (_digest: string | undefined) => false;
/** What is done at a stage of an operation: may throw. */
let hook: NonNullable<Node['observe']> = () => undefined;

beforeEach(async () => {
  isBroken = () => false;
  hook = () => undefined;
  let engine: Engine | undefined;
  const breaking: Engine = {
    name: 'breaking',
    load(source): LoadedComponent {
      if (isBroken(source.digest)) throw new EngineError('invalid-component', 'it is not what it was');
      if (engine === undefined) throw new TypeError('there is no engine');
      return engine.load(source);
    },
  };
  bench = await makeBench({ observe: (stage, operation) => hook(stage, operation) });
  engine = bench.test.node.engine;
  Object.assign(bench.test.node, { engine: breaking });
}, 120_000);
afterEach(() => bench[Symbol.dispose]());

const warnings = () => bench.test.logged.filter((line) => line.startsWith('warn: '));
const nothing = () => [bench.leases(), bench.records(), mtuIn(bench)];

describe('a plugin whose component cannot be loaded any more', () => {
  const broken = (...types: readonly string[]) => {
    const digests = types.map((type) => bench.plugins.get(type)?.digest);
    isBroken = (digest) => digests.includes(digest);
  };

  test.each([
    ['its own', ['outer']],
    ['its delegate’s', ['inner']],
    ['both', ['outer', 'inner']],
  ])('does not keep a DEL from taking away what ADD did: %s', (_, types) => {
    expect(bench.call('ADD', attaching)).toMatchObject(attached);
    broken(...types);
    expect(bench.call('DEL', { outer: { del: ['delegate.del'] } })).toMatchObject({ exitCode: 0, stdout: '' });
    expect(nothing()).toEqual([[], 0, 1500]);
    expect(warnings()).toContain('warn: DEL goes on without the plugin: it is not what it was');
  });

  test('does for all other verbs', () => {
    broken('outer');
    for (const verb of ['ADD', 'CHECK', 'STATUS'])
      expect(bench.call(verb, {})).toMatchObject({
        exitCode: 1,
        json: { code: 999, msg: expect.stringContaining('it is not what it was') },
      });
    expect(nothing()).toEqual([[], 0, 1500]);
  });

  test('does not keep GC from taking away what there is without the container', () => {
    expect(bench.call('ADD', attaching)).toMatchObject(attached);
    broken('outer', 'inner');
    const config = { 'cni.dev/valid-attachments': [] };
    expect(bench.call('GC', {}, { config })).toMatchObject({ exitCode: 0 });
    expect([bench.leases(), bench.records()]).toEqual([[], 0]);
  });
});

describe('a DEL that may not do all of what the plugin wants', () => {
  test.each([
    ['mtu 1300', 'mtu: denied: DEL only takes away'],
    ['delegate.add', 'denied: DEL runs no ADD of a delegate'],
    ['delegate.check', 'denied: DEL runs no CHECK of a delegate'],
  ])('goes by the record, where there is one: %s', (step, why) => {
    expect(bench.call('ADD', attaching)).toMatchObject(attached);
    expect(bench.call('DEL', { outer: { del: [step] } })).toMatchObject({ exitCode: 0, stdout: '' });
    expect(nothing()).toEqual([[], 0, 1500]);
    expect(warnings()).toEqual([`warn: DEL goes by the record: ${why}`]);
    // Without one there is nobody to say that it was done.
    expect(bench.call('DEL', { outer: { del: [step] } })).toMatchObject({ exitCode: 1, json: { msg: why } });
  });

  test('says how its plugin failed where nothing was denied', () => {
    expect(bench.call('ADD', attaching)).toMatchObject(attached);
    expect(bench.call('DEL', { outer: { del: ['fail so'] } })).toMatchObject({ exitCode: 1, json: { msg: 'so' } });
  });
});

describe('an ADD that was cut short in another sandbox', () => {
  /** The process is gone, in the middle of it: nothing is taken back. */
  function killed(steps: typeof attaching, at: string): void {
    let isDead = false;
    const { kernel } = bench;
    const recover = kernel.recover.bind(kernel);
    hook = (stage, { kind }) => {
      if (stage === 'applied' && kind === at) isDead = true;
      if (isDead) throw new TypeError('killed');
    };
    kernel.recover = () => {
      if (isDead) throw new Error('the dead do not take back');
    };
    expect(bench.call('ADD', steps)).toMatchObject({ exitCode: 1 });
    hook = () => undefined;
    kernel.recover = recover;
  }
  const record = () =>
    bench.test.node.records.peek({ network, containerId: 'c1', interfaceName: 'eth0', type: 'outer' });
  const cookieOf = (path: string) => inside(bench, path, ({ cookie }) => cookie.toString());

  beforeEach(() => {
    killed(attaching, 'link.change');
    expect(bench.leases()).toEqual(['10.1.0.2']);
    expect(record()).toMatchObject({ sandbox: cookieOf(sandboxPath), lives: false });
    expect(record()?.open).toHaveLength(2);
    // As the record has it for the link of the other one, before and after.
    setMtu(bench, 1400, other);
  });

  test('is taken back without the new one’s being touched, and the record is about that from then on', () => {
    let before: number | undefined;
    hook = (stage) => {
      if (stage === 'authorize') before ??= mtuIn(bench, other);
    };
    const steps = {
      outer: { add: ['delegate.add', 'claim 10.1.0.3/24', 'mtu 1300'] },
      inner: { add: ['lease 10.1.0.3'] },
    };
    expect(bench.call('ADD', steps, { netns: other })).toMatchObject({ json: { ips: [{ address: '10.1.0.3/24' }] } });
    expect([before, mtuIn(bench, other), mtuIn(bench)]).toEqual([1400, 1300, 1400]);
    expect(bench.leases()).toEqual(['10.1.0.3']);
    expect(record()).toMatchObject({ sandbox: cookieOf(other), open: [], lives: true });
    expect(bench.call('DEL', {}, { netns: other })).toMatchObject({ exitCode: 0 });
    expect(nothing()).toEqual([[], 0, 1400]);
    expect(mtuIn(bench, other)).toBe(1400);
  });

  test('is taken back before the new one fails, which is taken back too', () => {
    const steps = { outer: { add: ['mtu 1300', 'fail so'] } };
    expect(bench.call('ADD', steps, { netns: other })).toMatchObject({ exitCode: 1, json: { msg: 'so' } });
    expect([mtuIn(bench, other), bench.leases(), bench.records()]).toEqual([1400, [], 0]);
  });

  test('is taken back by a DEL in the new one, which is not touched', () => {
    expect(bench.call('DEL', {}, { netns: other })).toMatchObject({ exitCode: 0 });
    expect([mtuIn(bench, other), bench.leases(), bench.records()]).toEqual([1400, [], 0]);
  });

  test('is taken back in the one that it was in', () => {
    expect(bench.call('DEL', {})).toMatchObject({ exitCode: 0 });
    expect(nothing()).toEqual([[], 0, 1500]);
  });
});

describe('an ADD that ended well, and comes again in another sandbox', () => {
  test('is the new one’s from then on, and a DEL there leaves it as it was', () => {
    expect(bench.call('ADD', { outer: { add: ['mtu 1400'] } })).toMatchObject({ exitCode: 0 });
    setMtu(bench, 1200, other);
    expect(bench.call('ADD', { outer: { add: ['mtu 1300'] } }, { netns: other })).toMatchObject({ exitCode: 0 });
    expect(bench.call('DEL', {}, { netns: other })).toMatchObject({ exitCode: 0 });
    expect([mtuIn(bench, other), bench.records()]).toEqual([1200, 0]);
  });
});
