import { expect, test } from 'vitest';
import { Metrics } from '../../../host/daemon/metrics.ts';

const call = { type: 'bridge', verb: 'ADD', outcome: 'ok', queueSeconds: 0.0004, callSeconds: 0.03 } as const;

test('calls and phases are told as OpenMetrics', () => {
  const metrics = new Metrics();
  metrics.observe(call);
  metrics.observe({ ...call, outcome: 'error', callSeconds: 100 });
  const lines = metrics.format({ workers: 4 }).split('\n');
  expect(lines).toContain('bulkhead_calls_total{type="bridge",verb="ADD",outcome="ok"} 1');
  expect(lines).toContain('bulkhead_calls_total{type="bridge",verb="ADD",outcome="error"} 1');
  const phase = 'bulkhead_phase_seconds';
  const labels = 'type="bridge",verb="ADD",phase="call"';
  expect(lines).toContain(`${phase}_bucket{${labels},le="0.02"} 0`);
  expect(lines).toContain(`${phase}_bucket{${labels},le="0.05"} 1`);
  expect(lines).toContain(`${phase}_bucket{${labels},le="30"} 1`);
  expect(lines).toContain(`${phase}_bucket{${labels},le="+Inf"} 2`);
  expect(lines).toContain(`${phase}_count{${labels}} 2`);
  expect(lines).toContain('bulkhead_workers 4');
  expect(lines.slice(-2)).toEqual(['# EOF', '']);
  expect(metrics.total).toBe(2);
});

test('what callers make up does not break the lines, nor make more of them', () => {
  const metrics = new Metrics();
  for (const verb of ['X"} 1\n', 'Y', 'Z']) metrics.observe({ ...call, type: 'a"b\nc', verb });
  const lines = metrics.format({}).split('\n');
  expect(lines).toContain('bulkhead_calls_total{type="a_b_c",verb="other",outcome="ok"} 3');
});
