import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasWasmtime } from '../contract/engines.ts';
import { buildHostileGuest } from './guests.ts';

const script = fileURLToPath(new URL('scenario.ts', import.meta.url));

describe.skipIf(!hasWasmtime)('a process with wasmtime:', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-native-'));
  const guest = join(directory, 'guest.wasm');
  beforeAll(async () => writeFileSync(guest, await buildHostileGuest()), 60_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function run(scenario: string) {
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', script, scenario, guest],
      { encoding: 'utf8', timeout: 50_000 },
    );
    return { status, signal, stderr, value: stdout === '' ? undefined : JSON.parse(stdout) };
  }

  const well = { status: 0, signal: null, stderr: '' };
  const told = [true, 125_250, 'time'];

  test.each([
    ['workers share code', { ...well, value: [[told, told, told, told], [0, 0, 0, 0], true] }],
    ['terminate workers that call the host', { ...well, value: true }],
    ['terminate a worker whose guest loops', { ...well, value: true }],
    ['exit while workers call the host', { ...well, status: 7 }],
    ['exit while a guest loops', { ...well, status: 7 }],
    ['exit in a host function', { ...well, status: 5 }],
    ['end with an open instance', { ...well, value: 2 }],
    ['recursion from the depth of the stack', { ...well, value: expect.arrayContaining(['stack', 'RangeError']) }],
    ['host calls from the depth of the stack', { ...well, value: expect.arrayContaining(['well', 'RangeError']) }],
    [
      'recursion from the depth of the stack of a worker',
      { ...well, value: [expect.arrayContaining(['stack', 'RangeError']), 0] },
    ],
    ['guests within guests until it fails', { ...well, value: [true, 'stack'] }],
    ['an answer that there is no memory for', { ...well, value: ['host-failure', 2, 'xxx', 0, true, true] }],
    ['an answer that no room is made for', { ...well, value: ['host-failure', 100_000] }],
    [
      'a big answer does not stay',
      { ...well, value: [8_000_000, true, 2, 8_000_000, true, 'host-value', true, 'trap', true, 3] },
    ],
    ['a second copy of the bindings', { ...well, value: ['engine', 'xxx', 'trap', 2] }],
    [
      "traps beside V8's",
      { ...well, value: ['memory access out of bounds', 'trap', 'memory access out of bounds', 'trap'] },
    ],
  ])('%s', { timeout: 60_000 }, (scenario, expected) => {
    expect(run(scenario)).toMatchObject(expected);
  });

  test('an exception that nobody catches', () => {
    const { status, stderr } = run('an exception that nobody catches');
    expect(status).toBe(1);
    expect(stderr).toContain('Error: from a host function');
  });
});
