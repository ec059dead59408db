import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { proposeGrants } from '../../../host/cli/install/proposals.ts';

let directory: string;
let binaries: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-proposals-'));
  binaries = join(directory, 'bin');
  mkdirSync(binaries);
  writeFileSync(join(binaries, 'whereabouts'), 'an executable');
});
afterEach(() => rmSync(directory, { recursive: true }));

const write = (name: string, value: unknown) =>
  writeFileSync(join(directory, name), typeof value === 'string' ? value : JSON.stringify(value));
const propose = () =>
  proposeGrants(directory, binaries, ['bridge', 'host-local']).map(({ network, type, grant }) => [
    network,
    type,
    grant,
  ]);

test('networks that delegate to executables need a grant, pinned where the executable is there', () => {
  const digest = createHash('sha256').update('an executable').digest('hex');
  write('10-a.conflist', {
    name: 'a',
    plugins: [{ type: 'bridge', ipam: { type: 'whereabouts' } }, { type: 'portmap' }],
  });
  write('20-b.conf', { name: 'b', type: 'bridge', ipam: { type: 'dhcp' } });
  expect(propose()).toEqual([
    ['a', 'bridge', `- delegate: { type: "whereabouts", executable: "sha256:${digest}" }`],
    ['b', 'bridge', '- delegate: { type: "dhcp", executable: any }'],
  ]);
});

test('networks that need nothing more, plugins of others, and files that nobody can read are left alone', () => {
  write('10-ours.conflist', { name: 'ours', plugins: [{ type: 'bridge', ipam: { type: 'host-local' } }, null, 7] });
  write('20-flat.conf', { name: 'flat', type: 'bridge' });
  write('30-other.conf', { name: 'other', type: 'macvlan', ipam: { type: 'dhcp' } });
  write('40-broken.conf', '{');
  write('50-null.json', 'null');
  write('60-backup.bak', { name: 'old', type: 'bridge', ipam: { type: 'dhcp' } });
  expect(propose()).toEqual([]);
  expect(proposeGrants(join(directory, 'absent'), binaries, ['bridge'])).toEqual([]);
});
