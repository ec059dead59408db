// A process of a test: `node scenario.ts SCENARIO GUEST.wasm`. Workers of it run the same file.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { built } from '../../host/cli/project.ts';
import { loadAddon } from '../../native/wasmtime/addon.ts';
import { WasmtimeError } from '../../native/wasmtime/errors.ts';
import { Exchange } from '../../native/wasmtime/exchange.ts';
import { type Component, Engine, type Instance, type Limits } from '../../native/wasmtime/wasmtime.ts';
import { makeHost } from '../contract/hostile/host.ts';
import { buildRawGuest, makeHost as makeRawHost, rawGuest } from '../contract/raw/guest.ts';

const misbehave = 'test:hostile/misbehave@1.0.0';
const [scenario, guest] = (isMainThread ? process.argv.slice(2) : workerData) as [string, string];
const engine = new Engine(built.wasmtime);

function load(): Component {
  return engine.find('guest') ?? engine.compile(readFileSync(guest), 'guest');
}

function open(limits: Limits = {}, over: Record<string, unknown> = {}): Instance {
  return load().instantiate(makeHost(over).imports, limits);
}

function call(name: string, args: readonly unknown[] = [], limits: Limits = {}): unknown {
  const instance = open(limits);
  try {
    return instance.call(misbehave, name, args);
  } finally {
    instance.close();
  }
}

function endOf(body: () => unknown): string {
  try {
    body();
    return 'well';
  } catch (error) {
    return error instanceof WasmtimeError ? (error.limit ?? error.code) : String(error);
  }
}

/** A worker that runs the part of a scenario, and its first message. */
async function work(part: string): Promise<{ worker: Worker; message: unknown; exited: Promise<number> }> {
  const worker = new Worker(new URL(import.meta.url), { workerData: [part, guest] });
  const exited = new Promise<number>((resolve) => worker.on('exit', resolve));
  const message = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  return { worker, message, exited };
}

/** Frees what nobody has any more. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** What nobody has any more is swept beside this thread, in its own time. */
async function inArrayBuffers(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    collect();
    least = Math.min(least, process.memoryUsage().arrayBuffers);
    await sleep(20);
  }
  return least;
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** JavaScript that is as deep in the stack as it may be, at ever greater depths, and what came of the body there. */
function atAllDepths(body: () => string): string[] {
  const found = new Set<string>();
  const descend = (depth: number): string => (depth === 0 ? body() : descend(depth - 1));
  for (let depth = 0; ; depth += 250) {
    try {
      found.add(descend(depth));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return [...found, 'RangeError'];
    }
  }
}

/** `(memory 1) (func (export "f") (result i32) i32.const 66_000_000 i32.load)` */
const outOfBounds = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1, 102, 0, 0],
  ...[10, 12, 1, 10, 0, 65, 128, 128, 144, 3, 40, 2, 0, 11],
);

function v8OutOfBounds(): string {
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(outOfBounds), {}).exports as { f: () => number };
  try {
    return String(f());
  } catch (error) {
    return (error as Error).message;
  }
}

const scenarios: Readonly<Record<string, () => unknown>> = {
  async 'workers share code'() {
    const component = load();
    const workers = await Promise.all(Array.from({ length: 4 }, () => work('call often')));
    const codes = await Promise.all(workers.map(({ exited }) => exited));
    return [workers.map(({ message }) => message), codes, component.exports.length > 0];
  },
  'call often'() {
    const found = engine.find('guest') !== undefined;
    let sum = 0;
    for (let i = 0; i < 500; i++) sum += call('well', [i], { time: 1000 }) as number;
    parentPort?.postMessage([found, sum, endOf(() => call('spin', [], { time: 20 }))]);
  },

  async 'terminate workers that call the host'() {
    const times: number[] = [];
    for (let i = 0; i < 15; i++) {
      const { worker } = await work('call the host for ever');
      const started = performance.now();
      await worker.terminate();
      times.push(performance.now() - started);
    }
    return Math.max(...times) < 2000;
  },
  'call the host for ever'() {
    parentPort?.postMessage('ready');
    for (;;) call('ping', [100]);
  },

  async 'terminate a worker whose guest loops'() {
    const { worker } = await work('loop for half a second');
    const started = performance.now();
    await worker.terminate();
    return performance.now() - started < 2000;
  },
  'loop for half a second'() {
    parentPort?.postMessage('ready');
    endOf(() => call('spin', [], { time: 500 }));
  },

  async 'exit while workers call the host'() {
    await Promise.all([work('call the host for ever'), work('call the host for ever')]);
    await sleep(50);
    process.exit(7);
  },
  async 'exit while a guest loops'() {
    await work('loop for half a second');
    await sleep(50);
    process.exit(7);
  },
  'exit in a host function'() {
    open({}, { ping: () => process.exit(5) }).call(misbehave, 'ping', [1]);
  },
  'end with an open instance'() {
    const instance = open({ time: 60_000 });
    (globalThis as Record<string, unknown>).kept = instance;
    return instance.call(misbehave, 'well', [1]);
  },
  'an exception that nobody catches'() {
    const ping = () => {
      throw new Error('from a host function');
    };
    setImmediate(() => open({}, { ping }).call(misbehave, 'ping', [1]));
  },

  'recursion from the depth of the stack': () => atAllDepths(() => endOf(() => call('recurse', [100_000_000]))),
  'host calls from the depth of the stack': () => atAllDepths(() => endOf(() => call('ping', [1]))),
  async 'recursion from the depth of the stack of a worker'() {
    const { message, exited } = await work('recursion, told');
    return [message, await exited];
  },
  'recursion, told'() {
    parentPort?.postMessage(atAllDepths(() => endOf(() => call('recurse', [100_000_000]))));
  },
  'guests within guests until it fails'() {
    let depth = 0;
    let end = '';
    const ping = () => {
      depth++;
      const nested = endOf(() => open({}, { ping }).call(misbehave, 'ping', [1]));
      if (end === '') end = nested;
    };
    open({}, { ping }).call(misbehave, 'ping', [1]);
    return [depth > 10, end];
  },

  async 'an answer that there is no memory for'() {
    const raw = engine.compile(await buildRawGuest());
    // A list of texts of 20 letters each, which are those of the list itself.
    const [at, texts] = [1024, 5000];
    const list = String.fromCharCode(at, 0, 20, 0).repeat(texts);
    const given = (seen: unknown[]) => {
      const host = makeRawHost(seen);
      const over = { ...host['test:raw/host@1.0.0'], text: () => list };
      const instance = raw.instantiate({ ...host, 'test:raw/host@1.0.0': over });
      instance.call(rawGuest, 'take-text', [at, 128]);
      return () => instance.call(rawGuest, 'give-texts', [at, texts]);
    };
    const [first, second, seen]: [unknown[], unknown[], unknown[]] = [[], [], []];
    const [failing, ...more] = [given(first), given(second)];
    const alloc = Buffer.alloc;
    Buffer.alloc = () => {
      Buffer.alloc = alloc;
      throw new RangeError('Array buffer allocation failed');
    };
    const end = endOf(failing);
    collect();
    const told = [call('well', [1]), call('tell', [3])];
    for (const give of more) give();
    given(seen)();
    const right = (value: unknown) => JSON.stringify(value) === JSON.stringify([Array(texts).fill(list.slice(0, 20))]);
    return [end, ...told, first.length, right(second), right(seen)];
  },
  'an answer that no room is made for'() {
    const { reserve } = Exchange.prototype;
    Exchange.prototype.reserve = () => undefined;
    const end = endOf(() => call('tell', [100_000]));
    Exchange.prototype.reserve = reserve;
    return [end, (call('tell', [100_000]) as string).length];
  },
  async 'a big answer does not stay'() {
    const before = await inArrayBuffers();
    const isGone = async () => (await inArrayBuffers()) < before + 1024 * 1024;
    const length = 8_000_000;
    const instance = open();
    const told = instance.call(misbehave, 'tell', [length]) as string;
    const found = [told.length, await isGone(), instance.call(misbehave, 'well', [1])];
    // What another guest tells within a call goes to the guest of that.
    const text = () => call('tell', [length]);
    found.push(open({}, { text }).call(misbehave, 'read-text'), await isGone());
    found.push(
      endOf(() => open({}, { text: () => [text()] }).call(misbehave, 'read-text')),
      await isGone(),
    );
    const raw = engine.compile(await buildRawGuest()).instantiate(makeRawHost([]));
    found.push(
      endOf(() => raw.call(rawGuest, 'be-given', ['x'.repeat(length)])),
      await isGone(),
    );
    return [...found, call('well', [2])];
  },
  async 'a second copy of the bindings'() {
    const copy = new URL('../../native/wasmtime/crossing.ts?second', import.meta.url).href;
    const { Crossing } = (await import(copy)) as typeof import('../../native/wasmtime/crossing.ts');
    const end = endOf(() => Crossing.of(loadAddon(built.wasmtime)));
    return [end, call('tell', [3]), endOf(() => call('stop')), call('well', [1])];
  },

  "traps beside V8's": () => [
    v8OutOfBounds(),
    endOf(() => call('out-of-bounds')),
    v8OutOfBounds(),
    endOf(() => call('stop')),
  ],
};

const result = await scenarios[scenario]?.();
if (isMainThread && result !== undefined) console.log(JSON.stringify(result));
