import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLimits } from '../../host/cli/node.ts';
import type { Engine, HostFunction, HostImports } from '../../host/engine/engine.ts';
import { V8Engine } from '../../host/engine/v8/engine.ts';
import { prepareComponent } from '../../host/engine/v8/prepare.ts';
import { TranspiledStore } from '../../host/engine/v8/store.ts';
import { openToAll } from '../../host/trust/seal.ts';
import { eventually } from '../kernel/contract/world.ts';
import { type Bench, benches } from './bench.ts';

/** Milliseconds of a call. An ADD needs a twentieth of it where nothing else runs. */
const time = 600;

/** Called where the deadline may fall. */
let at: () => void = () => undefined;

/** Uses up the time, in host code: the engine's time-out ends it where a guest waits, and the deadline is past where none does. */
function spin(): void {
  const until = performance.now() + time + 50;
  while (performance.now() < until);
}

/** An engine whose guests' calls to the host pass `at` before and after the host's own work. */
function interrupted(engine: Engine): Engine {
  const wrap =
    (implementation: HostFunction): HostFunction =>
    (...args) => {
      at();
      const value = implementation(...args);
      at();
      return value;
    };
  const wrapAll = (imports: HostImports): HostImports =>
    Object.fromEntries(
      Object.entries(imports).map(([id, functions]) => [
        id,
        Object.fromEntries(
          Object.entries(functions).map(([name, one]) => [name, /^[A-Z]/.test(name) ? one : wrap(one as HostFunction)]),
        ),
      ]),
    );
  return {
    name: engine.name,
    load(source) {
      const component = engine.load(source);
      return {
        ...component,
        digest: component.digest,
        shape: component.shape,
        instantiate: (imports, limits) => component.instantiate(wrapAll(imports), limits),
      };
    },
  };
}

describe.each(benches)('a deadline that falls inside host code, on $name', ({ name, missing, make }) => {
  let bench: Bench;
  beforeAll(async () => {
    if (missing !== undefined) return;
    const over = { limits: { ...defaultLimits, time } };
    bench = await make({ over, beforeReceive: () => at() });
    // Only V8's time-out falls inside host code.
    const transpiled = new TranspiledStore(join(bench.test.directory, 'transpiled'), openToAll);
    const { plugins } = bench.test.node;
    for (const plugin of plugins.types.flatMap((type) => plugins.find(type) ?? []))
      await prepareComponent(transpiled, plugin);
    Object.assign(bench.test.node, { engine: interrupted(new V8Engine(transpiled)) });
    // Compiled and warm, so that the time is for the call.
    for (let i = 0; i < 5; i++) {
      bench.bridge('ADD', 0);
      bench.bridge('DEL', 0);
    }
  }, 60_000);
  afterAll(() => bench?.[Symbol.dispose]());

  function clean(): void {
    const link = bench.kernel.host.linkByName('cni0');
    if (link !== undefined) bench.kernel.host.removeLink(link.index);
    bench.kernel.host.writeSysctl('ipv4/ip_forward', '0');
    bench.kernel.host.writeSysctl('ipv6/conf/all/forwarding', '0');
  }

  test.skipIf(missing)(
    'finds the thread in its own namespace, no lock held, and the kernel as it was',
    () => {
      clean();
      let points = 0;
      at = () => points++;
      expect(bench.bridge('ADD', 0)).toMatchObject({ exitCode: 0 });
      at = () => undefined;
      expect(bench.bridge('DEL', 0)).toMatchObject({ exitCode: 0 });
      clean();
      expect(points).toBeGreaterThan(60);
      const before = bench.state();
      const namespace = readlinkSync('/proc/thread-self/ns/net');

      // Every host call of the model, before or after it; forty points of the real kernel, where netlink receives count too.
      const step = name === 'the real kernel' ? Math.ceil(points / 40) : 3;
      for (let point = 0; point < points; point += step) {
        let now = 0;
        at = () => {
          if (now++ === point) spin();
        };
        const { exitCode, json } = bench.bridge('ADD', 0);
        at = () => undefined;
        // Past the deadline, what needs no waiting any more may still succeed.
        if (exitCode === 0) {
          expect(bench.bridge('DEL', 0), `at ${point}`).toMatchObject({ exitCode: 0 });
          clean();
        } else
          expect(json.details === 'limit: time' || /timed out/.test(json.msg), `at ${point}: ${json.msg}`).toBe(true);
        expect(readlinkSync('/proc/thread-self/ns/net'), `at ${point}`).toBe(namespace);
        eventually(() => expect(bench.state(), `at ${point}`).toEqual(before));
      }
      // No lock is held: the next call gets all of them at once.
      expect(bench.bridge('ADD', 0)).toMatchObject({ exitCode: 0 });
      expect(bench.bridge('DEL', 0)).toMatchObject({ exitCode: 0 });
    },
    240_000,
  );

  test.skipIf(missing)(
    'is made up for by the record: the DEL, or the next one, leaves nothing',
    () => {
      clean();
      expect(bench.bridge('ADD', 0)).toMatchObject({ exitCode: 0 });
      let now = 0;
      at = () => {
        if (now++ === 3) spin();
      };
      bench.bridge('DEL', 0);
      at = () => undefined;
      expect(bench.state()).toMatchObject({ leases: [], records: [] });
    },
    30_000,
  );
});
