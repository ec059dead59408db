import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { missingShim, ServedMachine } from './served-machine.ts';

/** OTLP as JSON, as far as is looked at here. */
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number; readonly message?: string };
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}

/** Takes what is posted to its port, and prints it, a line each. */
const collecting = `
  import { createServer } from 'node:http';
  createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    console.log(JSON.stringify({ path: request.url, body: JSON.parse(text) }));
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(4318, '127.0.0.1', () => console.log('listening'));
`;

/** A collector of OpenTelemetry in the namespace of a machine. */
class Collector implements Disposable {
  readonly #process: ChildProcess;
  #said = '';

  constructor(namespace: string) {
    const listen = ['/bin/sh', '-c', 'ip link set lo up && exec "$0" "$@"'];
    const node = [process.execPath, '--input-type=module', '--eval', collecting];
    this.#process = spawn('/usr/bin/nsenter', [`--net=${namespace}`, ...listen, ...node]);
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
  }

  async ready(): Promise<void> {
    await vi.waitFor(() => expect(this.#said).toContain('listening\n'), { timeout: 10_000 });
  }

  exports(): readonly Export[] {
    const lines = this.#said.slice(0, this.#said.lastIndexOf('\n')).split('\n').slice(1);
    return lines.map((line) => {
      const { path, body } = JSON.parse(line) as { path: string; body: Export };
      expect(path).toBe('/v1/traces');
      return body;
    });
  }

  spans(): readonly Span[] {
    return this.exports().flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    );
  }

  /** The span of a call of a container, once it has come. */
  async call(name: string, id: string): Promise<Span> {
    return vi.waitFor(
      () => {
        const found = this.spans().find(
          (span) => span.name === name && stringOf(span.attributes, 'cni.container_id') === id,
        );
        if (found === undefined) throw new Error(`no span ${name} of ${id} yet`);
        return found;
      },
      { timeout: 10_000, interval: 50 },
    );
  }

  [Symbol.dispose](): void {
    this.#process.kill();
  }
}

const stringOf = (attributes: readonly Attribute[], key: string) =>
  attributes.find((attribute) => attribute.key === key)?.value.stringValue;

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const caller = (flags: string) => ({
  TRACEPARENT: `00-${traceId}-${parentId}-${flags}`,
  TRACESTATE: 'vendor=t61rcWkgMzE',
});

let machine: ServedMachine;
let collector: Collector;
beforeAll(async () => {
  if (missingShim !== undefined) return;
  machine = new ServedMachine();
  collector = new Collector(machine.host.path);
  await collector.ready();
  await machine.serve(undefined, {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    OTEL_SERVICE_NAME: 'cni-of-test',
    OTEL_RESOURCE_ATTRIBUTES: 'k8s.node.name=node-7',
  });
}, 60_000);
afterAll(async () => {
  await machine?.end();
  collector?.[Symbol.dispose]();
  machine?.[Symbol.dispose]();
}, 60_000);

const network = (more: object = {}) => ({
  ...{ cniVersion: '1.0.0', name: 'net', type: 'bridge', bridge: 'br0' },
  ipam: { type: 'host-local', dataDir: machine.leases, ranges: [[{ subnet: '10.1.0.0/16' }]] },
  ...more,
});

function addAndDelete(id: string, more: Readonly<Record<string, string>>, wanted = 0): void {
  const call = { id, netns: machine.container().path, ifname: 'eth0', more };
  const configuration = wanted === 0 ? network() : network({ mtu: 'large' });
  expect(machine.call('bridge', { ...call, verb: 'ADD' }, configuration).status).toBe(wanted);
  expect(machine.call('bridge', { ...call, verb: 'DEL' }, network()).status).toBe(0);
}

describe.skipIf(missingShim)('traces of the daemon', () => {
  test('continue the trace of the caller, with what the call consisted of below it', async () => {
    addAndDelete('traced', caller('01'));
    const call = await collector.call('ADD bridge', 'traced');
    expect(call).toMatchObject({ traceId, parentSpanId: parentId, traceState: 'vendor=t61rcWkgMzE' });
    expect(call.status.code).toBe(0);
    expect(await collector.call('DEL bridge', 'traced')).toMatchObject({ traceId, parentSpanId: parentId });

    const below = (id: string) => collector.spans().filter(({ parentSpanId }) => parentSpanId === id);
    const guest = below(call.spanId).find(({ name }) => name === 'guest bridge');
    expect(below(call.spanId).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['load bridge', 'instantiate bridge', 'guest bridge']),
    );
    const made = below(guest?.spanId ?? '');
    expect(made.map(({ name }) => name)).toContain('bulkhead:net/link-control.create');
    const delegates = collector
      .spans()
      .filter(({ name, traceId: of }) => name === 'guest host-local' && of === traceId);
    expect(delegates.length).toBeGreaterThan(0);
    for (const span of [guest, ...made]) {
      expect(span?.traceId).toBe(traceId);
      expect(BigInt(span?.startTimeUnixNano ?? 0)).toBeGreaterThanOrEqual(BigInt(call.startTimeUnixNano));
      expect(BigInt(span?.endTimeUnixNano ?? 0)).toBeLessThanOrEqual(BigInt(call.endTimeUnixNano));
    }
    const milliseconds = Number(BigInt(call.endTimeUnixNano) - BigInt(call.startTimeUnixNano)) / 1e6;
    expect(milliseconds).toBeGreaterThan(0.1);
    expect(milliseconds).toBeLessThan(10_000);
    expect(Math.abs(Number(call.startTimeUnixNano) / 1e6 - Date.now())).toBeLessThan(60_000);
  }, 30_000);

  test('say whose they are, and what went wrong', async () => {
    addAndDelete('failed', caller('01'), 1);
    const { status } = await collector.call('ADD bridge', 'failed');
    expect(status.code).toBe(2);
    expect(status.message).toContain('mtu');
    const [first] = collector.exports().flatMap(({ resourceSpans }) => resourceSpans);
    const attributes = first?.resource.attributes ?? [];
    expect(stringOf(attributes, 'service.name')).toBe('cni-of-test');
    expect(stringOf(attributes, 'k8s.node.name')).toBe('node-7');
  }, 30_000);

  test('are of their own where the caller has none, and none where the caller is not sampled', async () => {
    addAndDelete('unsampled', caller('00'));
    addAndDelete('alone', {});
    addAndDelete('garbled', { TRACEPARENT: 'of no known form' });
    const alone = await collector.call('ADD bridge', 'alone');
    expect(alone.parentSpanId).toBeUndefined();
    expect(alone.traceId).not.toBe(traceId);
    expect((await collector.call('DEL bridge', 'garbled')).parentSpanId).toBeUndefined();
    const names = collector.spans().map(({ attributes }) => stringOf(attributes, 'cni.container_id'));
    expect(names).not.toContain('unsampled');
  }, 30_000);

  test('of the last calls are sent before the daemon ends', async () => {
    addAndDelete('last', caller('01'));
    expect(await machine.end()).toBe(0);
    await collector.call('DEL bridge', 'last');
  }, 30_000);

  test('hold nothing up where no collector listens', async () => {
    await machine.serve(undefined, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9/v1/traces' });
    addAndDelete('unheard', caller('01'));
    const began = performance.now();
    expect(await machine.end()).toBe(0);
    expect(performance.now() - began).toBeLessThan(5000);
  }, 30_000);
});
