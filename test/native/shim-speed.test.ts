import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { hasShim, ShimInstallation, whyNot } from './shim-installation.ts';

const rounds = 300;
const sources = fileURLToPath(new URL('../../native/shim/bench', import.meta.url));
/** Whether a static C program can be made here, which is what the shim is held against. */
const cc = spawnSync('cc', ['-static', '-o', '/dev/null', join(sources, 'nothing.c')]).status === 0;
const why = whyNot || (cc ? '' : ' (skipped: there is no cc, or no static C library)');

describe.skipIf(!hasShim || !cc)(`from start to end, the shim${why}`, () => {
  test('takes no longer than 1.4 times a static C program that does nothing', { timeout: 60_000 }, () => {
    using shim = new ShimInstallation();
    const nothing = compile(shim.directory, 'nothing', '-static');
    const spawner = compile(shim.directory, 'spawn');
    const stdin = join(shim.directory, 'configuration');
    writeFileSync(stdin, JSON.stringify({ cniVersion: '1.1.0', name: 'n', type: 'bridge', comment: 'x'.repeat(500) }));
    const programs = { nothing: [nothing, 'ADD'], version: [shim.program, 'VERSION'], add: [shim.program, 'ADD'] };
    const printed = execFileSync(spawner, [`${rounds}`, shim.socket, stdin, ...Object.values(programs).flat()]);
    const lines = printed.toString().trim().split('\n');
    const [least = 0, version = 0, add = 0] = Object.keys(programs).map((_, i) =>
      median(lines.map((line) => Number(line.split(' ')[i]))),
    );
    const microseconds = (time: number) => `${Math.round(time / 1000)} µs (${(time / least).toFixed(2)})`;
    console.log(
      `medians of ${rounds}: nothing ${microseconds(least)}, VERSION ${microseconds(version)}, ADD with an answer ${microseconds(add)}`,
    );
    expect(lines.length).toBe(rounds);
    expect(version / least).toBeLessThan(1.4);
    expect(add / least).toBeLessThan(1.4);
  });
});

function compile(directory: string, name: string, ...options: readonly string[]): string {
  const program = join(directory, name);
  execFileSync('cc', ['-O2', '-Wall', '-Werror', ...options, '-o', program, join(sources, `${name}.c`)]);
  return program;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
