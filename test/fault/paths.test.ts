import { expect, test } from 'vitest';
import { benches } from './bench.ts';

/** Of the configuration, where nothing keeps a zero out, and so of a plugin that hands them on. */
const paths: readonly (readonly [string, object, RegExp])[] = [
  ['the resolver', { resolvConf: '/etc/resolv.conf\0' }, /no path of a file: "\/etc\/resolv\.conf\\u0000"/],
  ['leases', { dataDir: '/var/lib\0/cni' }, /./],
];

test.each(paths)(
  'a zero in the path of %s is told to the plugin, and is no fault of the host',
  async (_, more, words) => {
    using bench = await benches[0]?.make();
    const ipam = { type: 'host-local', subnet: '10.1.0.0/24', ...more };
    const before = bench?.state();
    const { exitCode, json } = bench?.bridge('ADD', 0, { ipam }) ?? {};
    expect(exitCode).toBe(1);
    expect(json.msg).toMatch(words);
    expect(json.msg).not.toMatch(/a host function failed|ERR_/);
    expect(bench?.state()).toEqual(before);
  },
);
