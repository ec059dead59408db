import { describe, expect, test } from 'vitest';
import { type AuditEntry, sha256 } from '../../../host/audit/entry.ts';
import type { Ruling } from '../../../host/calls/guard.ts';
import { Trail } from '../../../host/calls/trail.ts';
import { decodeCall } from '../../../host/cni/call.ts';
import { decodeEnvironment } from '../../../host/cni/environment.ts';
import { CniError } from '../../../host/cni/error.ts';
import { ip } from '../../../host/net/ip.ts';

const megabytes = (count: number) => 'x'.repeat(count * 1_000_000);

/** The entry of a call in which that was decided, and its size in bytes. */
function written(
  rulings: readonly Ruling[],
  { error, configuration = {}, args = '' }: { error?: CniError; configuration?: object; args?: string } = {},
): { readonly entry: AuditEntry; readonly size: number } {
  const environment = decodeEnvironment({
    ...{
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: 'c1',
      CNI_NETNS: '/n',
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/p',
      CNI_ARGS: args,
    },
  });
  const text = JSON.stringify({ cniVersion: '1.1.0', name: 'net', type: 'bridge', ...configuration });
  const call = decodeCall(environment as Parameters<typeof decodeCall>[0], new TextEncoder().encode(text));
  const trail = new Trail(call, 'bridge');
  for (const ruling of rulings) trail.notice(ruling);
  const entries: AuditEntry[] = [];
  trail.writeTo({ append: (entry) => entries.push(entry) > 0 }, error);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) throw new TypeError(`${entries.length} entries`);
  return { entry, size: Buffer.byteLength(JSON.stringify(entry)) };
}

const named = (name: string): Ruling['access'] => ({
  ...{ kind: 'link.create', door: 'host', link: { name, plan: { kind: 'bridge' } } },
});
const allowed = (name: string): Ruling => ({ plugin: 'bridge', access: named(name), decision: 'allowed', line: 7 });
const denied = (name: string, reason = 'no grant'): Ruling => ({
  ...{ plugin: 'bridge', access: named(name), decision: 'denied', reason },
});
/** `count` items made one by one. */
const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

describe('what a plugin did', () => {
  test('is written down as it is, where it is short', () => {
    const { entry } = written([allowed('cni0'), denied('eth0')]);
    expect(entry.operations).toEqual([
      { plugin: 'bridge', access: named('cni0'), decision: 'allowed', line: 7 },
      { plugin: 'bridge', access: named('eth0'), decision: 'denied', reason: 'no grant' },
    ]);
    expect(entry.omitted).toBeUndefined();
  });

  test('is written down by its digest, where it is long', () => {
    const { entry, size } = written([denied(megabytes(3))]);
    const text = JSON.stringify(named(megabytes(3)));
    expect(entry.operations).toMatchObject([
      { access: { kind: 'link.create', length: text.length, sha256: sha256(text) }, decision: 'denied' },
    ]);
    expect(size).toBeLessThan(2000);
  });

  test('is so too where it is a long list', () => {
    const ranges = many(20_000, () => ({ first: ip('10.0.0.1'), last: ip('10.0.0.9'), excluded: [] }));
    const access: Ruling['access'] = { kind: 'lease.reserve', directory: '/d', pool: 0, ranges };
    const { entry, size } = written([{ plugin: 'host-local', access, decision: 'allowed' }]);
    expect(entry.operations).toMatchObject([
      { access: { kind: 'lease.reserve', sha256: sha256(JSON.stringify(access)) } },
    ]);
    expect(size).toBeLessThan(2000);
  });

  test('is not more than so much altogether, and how much more there was is counted', () => {
    for (const one of [allowed, denied]) {
      const { entry, size } = written(many(9000, () => one('x'.repeat(1900))));
      expect(entry.operations.length + (entry.omitted ?? 0)).toBe(9000);
      expect(entry.operations.length).toBeGreaterThan(300);
      expect(size).toBeLessThan(1_500_000);
    }
    const { entry, size } = written(many(9000, (i) => denied(`eth${i}`, megabytes(0.01))));
    expect(entry.operations.length + (entry.omitted ?? 0)).toBe(9000);
    expect(size).toBeLessThan(1_500_000);
  });

  test('leaves room for what was denied after very much was allowed', () => {
    const { entry } = written([...many(3000, (i) => allowed(`eth${i}`)), denied('host0')]);
    expect(entry.omitted).toBe(2000);
    expect(entry.operations).toHaveLength(1001);
    expect(entry.operations.at(-1)).toMatchObject({ access: named('host0'), decision: 'denied' });
  });
});

describe('text', () => {
  test('of a reason or an error is cut, and shows that it was', () => {
    const { entry, size } = written([denied('eth0', megabytes(2))], { error: new CniError(999, megabytes(2)) });
    expect(entry.operations[0]?.reason).toMatch(/^x{1000}…$/);
    expect(entry.outcome).toMatchObject({ ok: false, code: 999, message: expect.stringMatching(/^x{10000}…$/) });
    expect(size).toBeLessThan(20_000);
  });

  test('of arguments is written down by its digest alone', () => {
    const args = `A=${megabytes(1)}`;
    const { entry, size } = written([], { args });
    expect(entry.arguments).toBe(sha256(args));
    expect(size).toBeLessThan(2000);
  });
});

test('each field of a configuration is written down by its digest, where it is long', () => {
  const ranges = many(10_000, (i) => [{ subnet: `10.${i % 256}.0.0/16` }]);
  const ips = many(10_000, (i) => `10.0.${i % 256}.1/16`);
  const { entry, size } = written([], {
    configuration: { bridge: megabytes(2), mtu: 1400, ipam: { type: 'host-local', ranges }, runtimeConfig: { ips } },
  });
  const digestOf = (value: unknown) => ({
    length: JSON.stringify(value).length,
    sha256: sha256(JSON.stringify(value)),
  });
  expect(entry.configuration.fields).toMatchObject({
    ...{ bridge: digestOf(megabytes(2)), mtu: 1400, 'ipam.type': 'host-local' },
    ...{ 'ipam.ranges': digestOf(ranges), 'runtimeConfig.ips': digestOf(ips) },
  });
  expect(size).toBeLessThan(4000);
});
