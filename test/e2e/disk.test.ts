import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Machine, missing } from './installation.ts';

let machine: Machine;
let mounts: string[];

beforeEach(() => {
  machine = new Machine();
  mounts = [];
});
afterEach(() => {
  for (const path of mounts.toReversed()) execFileSync('umount', [path]);
  machine[Symbol.dispose]();
});

/** A file system of its own at that place, of 128 KB. */
function mount(path: string): void {
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k,mode=700', 'none', path]);
  mounts.push(path);
}

/** Until not a byte fits any more; what is there stays. */
function fill(path: string): void {
  spawnSync('sh', ['-c', `cat /dev/zero > ${path}/filler`]);
  for (let i = 0; i < 200; i++) {
    try {
      writeFileSync(join(path, `filler-${i}`), 'x');
    } catch {
      return;
    }
  }
  throw new Error(`${path} does not become full`);
}

const remount = (path: string, mode: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${mode}`, path]);

const network = () => ({
  ...{ cniVersion: '1.0.0', name: 'net', type: 'bridge', bridge: 'br0', isGateway: true, ipMasq: true },
  ipam: { type: 'host-local', dataDir: machine.leases, ranges: [[{ subnet: '10.1.0.0/24' }]] },
});
const attachment = (id: string) => ({ id, netns: machine.container().path, ifname: 'eth0' });
const places = [
  ['leases', () => machine.leases],
  ['records', () => join(machine.root, 'run')],
  ['the log of calls', () => join(machine.root, 'var/log')],
] as const;

describe.skipIf(missing)('a disk', () => {
  test.each(places.slice(0, 2))('that is full, with the %s on it: an ADD is taken back and says why', (_, place) => {
    mount(place());
    const first = attachment('first');
    expect(machine.call('bridge', { ...first, verb: 'ADD' }, network())).toMatchObject({ status: 0 });
    const before = machine.snapshot();
    fill(place());
    const call = attachment('second');
    const added = machine.call('bridge', { ...call, verb: 'ADD' }, network());
    expect(added).toMatchObject({ status: 1, json: { msg: expect.stringContaining('no space left on device') } });
    expect(machine.snapshot()).toEqual(before);
    expect(machine.leased('net')).toEqual(['10.1.0.2']);
    expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0, stdout: '' });
    // What is attached is detached all the same: that needs no room.
    expect(machine.call('bridge', { ...first, verb: 'DEL' }, network())).toMatchObject({ status: 0, stdout: '' });
    expect(machine.snapshot(first.netns).links.map(({ name }) => name)).toEqual(['lo']);
    expect(machine.leased('net')).toEqual([]);
  });

  test.each(places.slice(0, 2))(
    'that is read-only, with the %s on it: nothing is done, and it says why',
    (_, place) => {
      mount(place());
      const first = attachment('first');
      expect(machine.call('bridge', { ...first, verb: 'ADD' }, network())).toMatchObject({ status: 0 });
      const before = machine.snapshot();
      remount(place(), 'ro');
      const call = attachment('second');
      const message = expect.stringContaining('read-only file system');
      const added = machine.call('bridge', { ...call, verb: 'ADD' }, network());
      expect(added).toMatchObject({ status: 1, json: { msg: message } });
      expect(machine.snapshot()).toEqual(before);
      // A lease that cannot be given back is an error: the runtime asks again.
      expect(machine.call('bridge', { ...first, verb: 'DEL' }, network())).toMatchObject({
        status: 1,
        json: { msg: message },
      });
      remount(place(), 'rw');
      expect(machine.call('bridge', { ...first, verb: 'DEL' }, network())).toMatchObject({ status: 0, stdout: '' });
      expect(machine.leased('net')).toEqual([]);
    },
  );

  test('that is full, or read-only, with the log of calls on it, stops nothing', () => {
    const [, log] = places[2];
    mount(log());
    fill(log());
    const call = attachment('one');
    for (const mode of ['rw', 'ro'] as const) {
      remount(log(), mode);
      expect(machine.call('bridge', { ...call, verb: 'ADD' }, network())).toMatchObject({ status: 0 });
      expect(machine.call('bridge', { ...call, verb: 'DEL' }, network())).toMatchObject({ status: 0 });
    }
  });
});
