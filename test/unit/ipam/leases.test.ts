import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { candidates } from '../../../host/ipam/pool.ts';
import { LeaseStore } from '../../../host/ipam/store.ts';
import { ip } from '../../../host/net/ip.ts';
import type { LeaseRange, Reservation } from '../../../host/operations/operation.ts';
import { Deadline } from '../../../host/system/deadline.ts';
import { lockFile } from '../../../host/system/flock.ts';

let directory: string;
let leases: string;
let store: LeaseStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-leases-'));
  store = new LeaseStore(join(directory, 'indexes'));
  leases = store.directory(join(directory, 'networks'), 'net');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const range = (first: string, last: string, ...excluded: string[]): LeaseRange => ({
  first: ip(first),
  last: ip(last),
  excluded: excluded.map(ip),
});
const small = [range('10.0.0.1', '10.0.0.4', '10.0.0.1')];
const of = (containerId: string, interfaceName = 'eth0') =>
  store.of({ containerId, interfaceName }, () => Deadline.in(5000));
const next = (containerId: string, ranges: readonly LeaseRange[] = small) =>
  of(containerId).reserve({ directory: leases, pool: 0, ranges });
const leased = (address: string): Reservation => ({ kind: 'leased', address: ip(address) });

describe('leases on disk', () => {
  test('are those of the reference, byte for byte', () => {
    expect(next('c1')).toEqual(leased('10.0.0.2'));
    expect(readdirSync(leases).sort()).toEqual(['10.0.0.2', 'last_reserved_ip.0', 'lock']);
    expect(readFileSync(join(leases, '10.0.0.2'), 'utf8')).toBe('c1\r\neth0');
    expect(readFileSync(join(leases, 'last_reserved_ip.0'), 'utf8')).toBe('10.0.0.2');
    expect([statSync(leases).mode & 0o777, statSync(join(leases, '10.0.0.2')).mode & 0o777]).toEqual([0o755, 0o600]);
  });

  test('go round the range, the one leased last comes last, and then there is none', () => {
    expect(['a', 'b', 'c', 'd'].map((id) => next(id))).toEqual([
      leased('10.0.0.2'),
      leased('10.0.0.3'),
      leased('10.0.0.4'),
      { kind: 'exhausted' },
    ]);
    of('c').release(leases);
    expect(next('e')).toEqual(leased('10.0.0.4'));
    of('a').release(leases);
    expect(next('f')).toEqual(leased('10.0.0.2'));
  });

  test('an attachment that has one in the ranges is told so', () => {
    next('a');
    expect(next('a')).toEqual({ kind: 'held', address: '10.0.0.2' });
    expect(of('a', 'eth1').reserve({ directory: leases, pool: 0, ranges: small })).toEqual(leased('10.0.0.3'));
  });

  test('a requested address is leased, or taken', () => {
    const request = { directory: leases, pool: 1, ranges: [], address: ip('10.0.0.3') };
    expect(of('a').reserve(request)).toEqual(leased('10.0.0.3'));
    expect(of('b').reserve(request)).toEqual({ kind: 'taken' });
    expect(of('a').reserve(request)).toEqual({ kind: 'held', address: '10.0.0.3' });
    expect(readFileSync(join(leases, 'last_reserved_ip.1'), 'utf8')).toBe('10.0.0.3');
  });

  test('release gives back what the attachment holds, once or twice, and nothing else', () => {
    next('a');
    next('b');
    of('a').release(leases);
    of('a').release(leases);
    expect(readdirSync(leases)).not.toContain('10.0.0.2');
    expect(of('b').held(leases)).toEqual(['10.0.0.3']);
  });

  test('an entry of the older form, with the container only, belongs to the container', () => {
    mkdirSync(leases, { recursive: true });
    writeFileSync(join(leases, '10.0.0.2'), 'old\n');
    expect(of('old').held(leases)).toEqual(['10.0.0.2']);
    of('old').release(leases);
    expect(existsSync(join(leases, '10.0.0.2'))).toBe(false);
  });

  test('an entry of the older form stays on the books while the attachment gives back what it has under its name', () => {
    mkdirSync(leases, { recursive: true });
    writeFileSync(join(leases, '10.0.0.4'), 'a');
    const request = { directory: leases, pool: 0, ranges: [], address: ip('10.0.0.2') };
    expect(of('a').reserve(request)).toEqual(leased('10.0.0.2'));
    expect(of('a').held(leases)).toEqual(['10.0.0.2']);
    of('a').release(leases);
    expect(existsSync(join(leases, '10.0.0.2'))).toBe(false);
    expect(readFileSync(join(leases, '10.0.0.4'), 'utf8')).toBe('a');
    for (const interfaceName of ['eth0', 'eth1']) expect(of('a', interfaceName).held(leases)).toEqual(['10.0.0.4']);
    expect(of('b').reserve({ ...request, address: ip('10.0.0.4') })).toEqual({ kind: 'taken' });
    of('a').release(leases);
    expect(of('a').held(leases)).toEqual([]);
    expect(existsSync(join(leases, '10.0.0.4'))).toBe(false);
  });

  // A crash between the two steps in which a lease appears: it is there, and so is the name that it was written under.
  test.each([
    ['the next lease', () => next('b')],
    [
      'a lease that is asked for',
      () => of('b').reserve({ directory: leases, pool: 3, ranges: [], address: ip('10.0.0.3') }),
    ],
    ['one that is taken', () => of('b').reserve({ directory: leases, pool: 3, ranges: [], address: ip('10.0.0.2') })],
  ])('a lease that was not finished is not written over by %s', (_, reserve) => {
    next('a');
    linkSync(join(leases, '10.0.0.2'), join(leases, '.bulkhead-new'));
    reserve();
    expect(readFileSync(join(leases, '10.0.0.2'), 'utf8')).toBe('a\r\neth0');
    expect(of('a').held(leases)).toEqual(['10.0.0.2']);
    expect(readdirSync(leases)).not.toContain('.bulkhead-new');
  });

  test('what else was left under that name is no lease, and is not in the way', () => {
    mkdirSync(leases, { recursive: true });
    writeFileSync(join(leases, '.bulkhead-new'), 'a\r\net');
    expect(of('a').held(leases)).toEqual([]);
    expect(next('b')).toEqual(leased('10.0.0.2'));
    expect(readFileSync(join(leases, '10.0.0.2'), 'utf8')).toBe('b\r\neth0');
  });

  test('an empty file, left by a crash of the reference, is given out again', () => {
    mkdirSync(leases, { recursive: true });
    writeFileSync(join(leases, '10.0.0.2'), '');
    expect(next('a')).toEqual(leased('10.0.0.2'));
    expect(readFileSync(join(leases, '10.0.0.2'), 'utf8')).toBe('a\r\neth0');
  });

  test('a cursor that is not an address, or of another range, starts from the beginning', () => {
    mkdirSync(leases, { recursive: true });
    for (const cursor of ['nonsense', '192.168.0.1', '']) {
      writeFileSync(join(leases, 'last_reserved_ip.0'), cursor);
      expect(next('a')).toEqual(leased('10.0.0.2'));
      of('a').release(leases);
    }
  });

  test('whoever holds the lock is waited for, until the deadline', () => {
    mkdirSync(leases, { recursive: true });
    using _lock = lockFile(join(leases, 'lock'), Deadline.in(1000));
    const late = store.of({ containerId: 'a', interfaceName: 'eth0' }, () => Deadline.in(30));
    expect(() => late.reserve({ directory: leases, pool: 0, ranges: small })).toThrow(/cannot lock .*lock/);
  });

  test('a free address is found where there is one', () => {
    expect(of('x').hasFree(leases, small)).toBe(true);
    expect(existsSync(leases)).toBe(false);
    for (const id of ['a', 'b', 'c']) next(id);
    expect(of('x').hasFree(leases, small)).toBe(false);
  });
});

describe('leases of an earlier boot', () => {
  const age = (address: string) => utimesSync(join(leases, address), new Date(0), new Date(0));

  test('are given out where nothing else is left', () => {
    for (const id of ['a', 'b', 'c']) next(id);
    age('10.0.0.3');
    expect(of('d').hasFree(leases, small)).toBe(true);
    expect(next('d')).toEqual(leased('10.0.0.3'));
    expect(next('e')).toEqual({ kind: 'exhausted' });
    expect(of('d').held(leases)).toEqual(['10.0.0.3']);
  });

  test('are no more those of whoever had them', () => {
    for (const id of ['a', 'b', 'c']) next(id);
    age('10.0.0.3');
    next('d');
    expect(of('b').held(leases)).toEqual([]);
    of('b').release(leases);
    expect(of('d').held(leases)).toEqual(['10.0.0.3']);
  });

  test('are spared while there are others', () => {
    next('a');
    age('10.0.0.2');
    expect([next('b'), next('c')]).toEqual([leased('10.0.0.3'), leased('10.0.0.4')]);
    expect(of('a').held(leases)).toEqual(['10.0.0.2']);
  });

  test('are given to whoever asks for just that address', () => {
    next('a');
    const ask = (id: string) => of(id).reserve({ directory: leases, pool: 0, ranges: [], address: ip('10.0.0.2') });
    expect(ask('b')).toEqual({ kind: 'taken' });
    age('10.0.0.2');
    expect(ask('b')).toEqual(leased('10.0.0.2'));
  });
});

describe('the index beside the leases', () => {
  test('is not believed after anybody else has changed the directory', () => {
    next('a');
    writeFileSync(join(leases, '10.0.0.4'), 'foreign\r\neth0');
    expect(of('foreign').held(leases)).toEqual(['10.0.0.4']);
    rmSync(join(leases, '10.0.0.2'));
    expect(of('a').held(leases)).toEqual([]);
  });

  test('serves a call without reading the leases of others', () => {
    const wide = [range('10.0.0.1', '10.0.255.254')];
    for (let i = 0; i < 300; i++) next(`c${i}`, wide);
    // A file of somebody else's that cannot be read as text would be noticed; one that is never opened is not.
    writeFileSync(join(leases, '10.0.0.9'), 'changed behind the index');
    expect(next('another', wide)).toEqual(leased('10.0.1.45'));
    expect(of('c8').held(leases)).toEqual(['10.0.0.9']);
  });
});

describe('an index of another boot', () => {
  test('is not believed: not all of it need have got to the disk', () => {
    next('a');
    // Behind the index: what stands in a file does not change the directory.
    writeFileSync(join(leases, '10.0.0.2'), 'b\r\neth0');
    const restarted = () => {
      store.close();
      store = new LeaseStore(join(directory, 'indexes'));
    };
    restarted();
    expect(of('b').held(leases)).toEqual([]);
    const [index = ''] = readdirSync(join(directory, 'indexes'));
    const sealFile = join(directory, 'indexes', index, 'seal');
    const seal = JSON.parse(readFileSync(sealFile, 'utf8'));
    writeFileSync(sealFile, JSON.stringify({ ...seal, boot: 'another' }));
    restarted();
    expect(of('b').held(leases)).toEqual(['10.0.0.2']);
  });
});

describe('the order of addresses', () => {
  test('goes round all ranges of a set from the one after the cursor', () => {
    const set = [range('10.0.0.1', '10.0.0.3', '10.0.0.2'), range('fd00::1', 'fd00::2')];
    expect([...candidates(set, ip('10.0.0.1'))]).toEqual(['10.0.0.3', 'fd00::1', 'fd00::2', '10.0.0.1']);
    expect([...candidates(set, ip('fd00::2'))]).toEqual(['10.0.0.1', '10.0.0.3', 'fd00::1', 'fd00::2']);
    expect([...candidates(set, undefined)]).toEqual(['10.0.0.1', '10.0.0.3', 'fd00::1', 'fd00::2']);
  });

  test('has every address that is not excluded once, wherever the cursor is', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(sizes, fc.nat(), (lengths, at) => {
        const set = lengths.map((length, i) => range(`10.${i}.0.1`, `10.${i}.0.${length}`, `10.${i}.0.3`));
        const all = [...candidates(set, undefined)];
        const cursor = all[at % Math.max(1, all.length)];
        const round = [...candidates(set, cursor)];
        expect([...round].sort()).toEqual([...all].sort());
        if (cursor !== undefined) expect(round.at(-1)).toBe(cursor);
      }),
    );
  });
});
