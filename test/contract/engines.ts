import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { componentEmbed, componentNew } from '@bytecodealliance/jco';
import { compileWorld } from '../../guests/sdk/generator/build.ts';
import { embedOptions } from '../../guests/sdk/generator/resolve.ts';
import type { Limits, LoadedComponent } from '../../host/engine/engine.ts';
import { V8Engine } from '../../host/engine/v8/engine.ts';
import { prepareComponent } from '../../host/engine/v8/prepare.ts';
import { TranspiledStore } from '../../host/engine/v8/store.ts';
import { openToAll } from '../../host/trust/seal.ts';

/** An engine that the contract is held against: makes a component ready and loads it. */
export interface TestEngine extends Disposable {
  load(bytes: Uint8Array): Promise<LoadedComponent>;
}

/** Each engine that there is, by name; made with a store of its own. */
export const engines: readonly (readonly [string, () => TestEngine])[] = [['v8', makeV8Engine]];

function makeV8Engine(): TestEngine {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-engine-'));
  const store = new TranspiledStore(directory, openToAll);
  const engine = new V8Engine(store);
  return {
    async load(bytes) {
      const source = { bytes, digest: createHash('sha256').update(bytes).digest('hex') };
      await prepareComponent(store, source);
      return engine.load(source);
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Builds the guest of a contract test: a directory with `wit/` and `guest/`. */
export async function buildTestGuest(directory: string, world: string): Promise<Uint8Array> {
  const source = { path: join(directory, 'wit'), world };
  const core = await compileWorld(join(directory, 'guest'), source, undefined);
  return componentNew(await componentEmbed({ binary: core, ...embedOptions(source) }));
}

/** Enough for anything that is not about limits. */
export const amplyLimited: Limits = {
  memory: 64 * 1024 * 1024,
  time: 10_000,
  hostCalls: 100_000,
  handles: 1000,
  string: 1024 * 1024,
  log: 1024 * 1024,
};
