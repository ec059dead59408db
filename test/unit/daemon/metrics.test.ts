import { expect, test } from 'vitest';
import { CallCounts } from '../../../host/daemon/call-counts.ts';
import { Metrics } from '../../../host/daemon/metrics.ts';
import { Tally } from '../../../host/daemon/tally.ts';

const environment = { CNI_COMMAND: 'ADD' };
const call = { type: 'bridge', environment, error: undefined, queueSeconds: 0.0004, callSeconds: 0.03 } as const;

/** A thread that counts, and the daemon that tells it. */
function counting(metrics: Metrics, thread = 0): CallCounts {
  const memory = Tally.allocate();
  metrics.attach(thread, memory);
  return new CallCounts(new Tally(memory, (series) => metrics.announce(thread, series)));
}

test('calls and phases are told as OpenMetrics', () => {
  const metrics = new Metrics();
  const counts = counting(metrics);
  counts.observe(call);
  counts.observe({ ...call, error: 'no', callSeconds: 100 });
  counts.denied('bridge', 'link.change');
  counts.meter.hostCall({ interfaceId: 'bulkhead:net/links@0.1.0', name: 'byName' });
  const gauge = { name: 'bulkhead_workers', value: 4, help: 'Threads.' };
  const lines = metrics.format([gauge]).split('\n');
  expect(lines).toContain('bulkhead_calls_total{type="bridge",verb="ADD",outcome="ok"} 1');
  expect(lines).toContain('bulkhead_calls_total{type="bridge",verb="ADD",outcome="error"} 1');
  expect(lines).toContain('bulkhead_denied_total{type="bridge",kind="link.change"} 1');
  expect(lines).toContain('bulkhead_host_calls_total{interface="bulkhead:net/links@0.1.0",function="byName"} 1');
  const labels = 'type="bridge",verb="ADD"';
  expect(lines).toContain(`bulkhead_call_seconds_bucket{${labels},le="0.025"} 0`);
  expect(lines).toContain(`bulkhead_call_seconds_bucket{${labels},le="0.05"} 1`);
  expect(lines).toContain(`bulkhead_call_seconds_bucket{${labels},le="30"} 1`);
  expect(lines).toContain(`bulkhead_call_seconds_bucket{${labels},le="+Inf"} 2`);
  expect(lines).toContain(`bulkhead_call_seconds_count{${labels}} 2`);
  expect(lines).toContain(`bulkhead_call_seconds_sum{${labels}} 100.03`);
  expect(lines).toContain(`bulkhead_phase_seconds_bucket{${labels},phase="queue",le="0.0005"} 2`);
  expect(lines).toContain('bulkhead_workers 4');
  expect(lines.slice(-2)).toEqual(['# EOF', '']);
  expect(metrics.total).toBe(2);
});

test('each family is described once, before its samples, which stand together', () => {
  const metrics = new Metrics();
  for (const thread of [0, 1]) {
    const counts = counting(metrics, thread);
    for (const verb of ['ADD', 'DEL']) counts.observe({ ...call, environment: { CNI_COMMAND: verb } });
  }
  const lines = metrics.format([]).trimEnd().split('\n');
  const familyOf = (line: string) =>
    (line.startsWith('# ') ? (line.split(' ')[2] ?? '') : (line.split('{')[0] ?? '')).replace(
      /_(total|bucket|count|sum)$/,
      '',
    );
  const names = lines.slice(0, -1).map(familyOf);
  const runs = names.filter((name, i) => name !== names[i - 1]);
  expect(runs).toEqual([...new Set(names)]);
  for (const name of runs) {
    const own = lines.filter((line) => line !== '# EOF' && familyOf(line) === name);
    expect(own.filter((line) => line.startsWith('# TYPE'))).toHaveLength(1);
    expect(own.filter((line) => line.startsWith('# HELP'))).toHaveLength(1);
    const samples = own.filter((line) => !line.startsWith('#'));
    expect(own.slice(own.length - samples.length)).toEqual(samples);
    expect(new Set(samples.map((line) => line.split(' ')[0])).size).toBe(samples.length);
  }
  expect(lines).toContain('bulkhead_calls_total{type="bridge",verb="DEL",outcome="ok"} 2');
});

test('what a thread counted stays when it ends, and the next one counts on', () => {
  const metrics = new Metrics();
  counting(metrics).observe(call);
  metrics.detach(0);
  expect(metrics.total).toBe(1);
  counting(metrics).observe(call);
  expect(metrics.total).toBe(2);
  expect(metrics.format([])).toContain('bulkhead_call_seconds_count{type="bridge",verb="ADD"} 2');
});

test('what callers make up does not break the lines, nor make ever more of them', () => {
  const metrics = new Metrics();
  const counts = counting(metrics);
  for (const verb of ['X"} 1\n', 'Y', 'Z'])
    counts.observe({ ...call, type: 'a"b\nc', environment: { CNI_COMMAND: verb } });
  expect(metrics.format([]).split('\n')).toContain('bulkhead_calls_total{type="a_b_c",verb="other",outcome="ok"} 3');
  for (let i = 0; i < 1000; i++) counts.observe({ ...call, type: `type${i}` });
  const text = metrics.format([]);
  expect(text.match(/^bulkhead_calls_total/gm)?.length).toBeLessThan(40);
  expect(text).toMatch(/^bulkhead_calls_total\{type="other",verb="ADD",outcome="ok"\} 9\d\d$/m);
  expect(metrics.total).toBe(1003);
});

test('each moment of a call is of one phase of one plugin', async () => {
  const { meter } = counting(new Metrics());
  const spend = (milliseconds: number) => {
    const until = performance.now() + milliseconds;
    while (performance.now() < until);
  };
  meter.enter('bridge', 'ADD', 'guest');
  spend(4);
  meter.enter('bridge', 'ADD', 'kernel');
  spend(4);
  meter.enter('host-local', 'ADD', 'guest');
  spend(8);
  meter.leave();
  meter.leave();
  spend(4);
  meter.leave();
  // A time-out leaves phases open.
  meter.enter('bridge', 'ADD', 'kernel');
  spend(4);
  const { times, spans } = meter.take();
  const took = (type: string, phase: string) =>
    times.find((one) => one.type === type && one.phase === phase)?.milliseconds ?? 0;
  for (const [type, phase] of [
    ['bridge', 'guest'],
    ['bridge', 'kernel'],
    ['host-local', 'guest'],
  ] as const) {
    expect(took(type, phase)).toBeGreaterThanOrEqual(7.9);
  }
  const sum = times.reduce((all, { milliseconds }) => all + milliseconds, 0);
  expect(sum).toBeGreaterThanOrEqual(23.9);
  expect(took('host-local', 'kernel')).toBe(0);
  expect([spans, meter.take()]).toEqual([[], { times: [], spans: [] }]);
});
