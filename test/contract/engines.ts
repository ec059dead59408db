import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { componentEmbed, componentNew } from '@bytecodealliance/jco';
import { describe } from 'vitest';
import { compileWorld } from '../../guests/sdk/generator/build.ts';
import { embedOptions } from '../../guests/sdk/generator/resolve.ts';
import { built } from '../../host/cli/project.ts';
import type { ComponentSource, Engine, Limits, LoadedComponent } from '../../host/engine/engine.ts';
import { V8Engine } from '../../host/engine/v8/engine.ts';
import { prepareComponent } from '../../host/engine/v8/prepare.ts';
import { TranspiledStore } from '../../host/engine/v8/store.ts';
import { prepareForWasmtime } from '../../host/engine/wasmtime/compile.ts';
import { WasmtimeEngine } from '../../host/engine/wasmtime/engine.ts';
import { CompiledStore } from '../../host/engine/wasmtime/store.ts';
import { openToAll } from '../../host/trust/seal.ts';
import { Engine as NativeEngine } from '../../native/wasmtime/wasmtime.ts';

/** An engine that the contract is held against: makes a component ready and loads it. */
export interface TestEngine extends Disposable {
  readonly engine: Engine;
  load(bytes: Uint8Array): Promise<LoadedComponent>;
}

/** Each engine that there is, and each way to use it; made with a store of its own. */
const makers = {
  v8: makeV8Engine,
  'v8, made ahead': () => madeAhead(makeV8Engine()),
  wasmtime: makeWasmtimeEngine,
  'wasmtime, made ahead': () => madeAhead(makeWasmtimeEngine()),
} as const;

export type EngineKind = keyof typeof makers;

/** The engine of that kind, as it calls itself. */
export type EngineName = 'v8' | 'wasmtime';

export function nameOf(kind: EngineKind): EngineName {
  return kind.startsWith('wasmtime') ? 'wasmtime' : 'v8';
}

/** Whether wasmtime's bindings were built (`npm run build:native`, which needs cargo). */
export const hasWasmtime = existsSync(built.wasmtime);

export function makeTestEngine(kind: EngineKind): TestEngine {
  return makers[kind]();
}

/** The same tests for each engine; skipped, and shown so, for one that was not built. */
export function describeEachEngine(title: string, tests: (kind: EngineKind) => void): void {
  describe(`${title} on v8`, () => tests('v8'));
  describe(`${title} on v8, made ahead`, () => tests('v8, made ahead'));
  describe.skipIf(!hasWasmtime)(`${title} on wasmtime`, () => tests('wasmtime'));
  describe.skipIf(!hasWasmtime)(`${title} on wasmtime, made ahead`, () => tests('wasmtime, made ahead'));
}

function makeV8Engine(): TestEngine {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-engine-'));
  const store = new TranspiledStore(directory, openToAll);
  return testEngine(directory, new V8Engine(store), (source) => prepareComponent(store, source));
}

/** An engine with each instance made before anybody asks for it, as the daemon does it: after one with the same limits. */
function madeAhead({ engine, load, ...rest }: TestEngine): TestEngine {
  const ahead = (component: LoadedComponent): LoadedComponent => ({
    ...{ digest: component.digest, shape: component.shape },
    instantiate(imports, limits) {
      component.instantiate(imports, limits).close();
      engine.prepareNext?.();
      return component.instantiate(imports, limits);
    },
  });
  return {
    ...rest,
    engine: { name: engine.name, load: (source) => ahead(engine.load(source)) },
    load: async (bytes) => ahead(await load(bytes)),
  };
}

function makeWasmtimeEngine(): TestEngine {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-engine-'));
  const store = new CompiledStore(directory, openToAll);
  const native = new NativeEngine(built.wasmtime);
  return testEngine(directory, new WasmtimeEngine(native, store), async (source) =>
    prepareForWasmtime(native, store, source),
  );
}

function testEngine(
  directory: string,
  engine: Engine,
  prepare: (source: ComponentSource) => Promise<void>,
): TestEngine {
  return {
    engine,
    async load(bytes) {
      const source = { bytes, digest: createHash('sha256').update(bytes).digest('hex') };
      await prepare(source);
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
