import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { builtDriver } from '../../bench/meter.ts';
import type { Result } from '../../bench/result.ts';
import { built } from '../../host/cli/project.ts';
import { missingReference, project, referenceBinaries } from './installation.ts';

const missing =
  missingReference ??
  [built.shim, built.wasmtime, builtDriver].find((file) => !existsSync(file)) ??
  (spawnSync('cc', ['--version']).status === 0 ? undefined : 'no cc');

/** How often each thing is measured in a smoke run, and of whom. */
const attaching = ['floor', 'go', 'one-shot v8', 'daemon v8', 'daemon wasmtime'];
const plugins = attaching.slice(1);
const expected: Readonly<Record<string, readonly [who: readonly string[], counts: readonly number[]]>> = {
  VERSION: [['nothing', ...attaching], [2]],
  'loopback ADD': [attaching, [2]],
  'loopback DEL': [attaching, [2]],
  'bridge ADD': [attaching, [2]],
  'bridge ADD, memory': [attaching, [2]],
  'bridge CHECK': [plugins, [2]],
  'bridge DEL': [attaching, [2]],
  'ipMasq ADD': [plugins, [2]],
  'ipMasq ADD, memory': [plugins, [2]],
  'ipMasq CHECK': [plugins, [2]],
  'ipMasq DEL': [plugins, [2]],
  'bridge ADD, CPU time': [attaching, [1]],
  '16 at once: ADD': [attaching, [1]],
  '16 at once: DEL': [attaching, [1]],
  '4 at once, ipMasq: ADD': [plugins, [1]],
  '4 at once, ipMasq: DEL': [plugins, [1]],
  'memory, idle': [['daemon v8', 'daemon wasmtime'], [1]],
  'memory, 20 ADDs at once': [['daemon v8', 'daemon wasmtime'], [1]],
  'host-local ADD': [plugins, [1, 1]],
  'host-local DEL': [plugins, [1, 1]],
  'bridge ADD by ports': [attaching, [1, 1]],
  'bridge DEL by ports': [attaching, [1, 1]],
};

/** Files of tests run side by side, and have namespaces mounted meanwhile. */
const ofOtherTests = ` ${join(tmpdir(), 'bulkhead-netns-')}`;

const traces = () => ({
  directories: readdirSync(tmpdir()).filter((name) => name.startsWith('bulkhead-bench-')),
  mounts: readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => !line.includes(ofOtherTests)),
  links: readFileSync('/proc/net/dev', 'utf8').match(/^ *\S+:/gm),
  forwards: readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'),
});

function bench(...args: readonly string[]) {
  const options = ['--disable-warning=ExperimentalWarning', join(project, 'bench/main.ts')];
  return spawnSync(process.execPath, [...options, '--reference', referenceBinaries, ...args], { encoding: 'utf8' });
}

let before: ReturnType<typeof traces>;
beforeEach(() => {
  before = traces();
});
afterEach(() => expect(traces()).toEqual(before));

describe.skipIf(missing)('npm run bench', () => {
  test('measures everything of everybody, and leaves nothing behind', { timeout: 180_000 }, () => {
    const { status, stdout, stderr } = bench('--smoke', '--json');
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const { figures, reference, targets } = JSON.parse(stdout) as Result;
    for (const { median, p95, p99 } of figures)
      expect([median, p95, p99].filter((value) => !(Number.isFinite(value) && value > 0))).toEqual([]);
    const measured = [...Map.groupBy(figures, ({ name }) => name)].map(([name, some]) => [
      name,
      [
        [...new Set(some.map(({ contestant }) => contestant))],
        some.filter(({ contestant }) => contestant === 'daemon wasmtime').map(({ count }) => count),
      ],
    ]);
    expect(Object.fromEntries(measured)).toEqual(expected);
    expect(reference).not.toBe('');
    expect(targets.length).toBeGreaterThan(0);
  });

  test('tells whom it could not compare with, and has no figures then', { timeout: 60_000 }, () => {
    const { status, stdout, stderr } = bench('--smoke', '--only', 'version', '--reference', '/nowhere');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toBe('bench: there are no reference plugins in /nowhere: name them by --reference\n');
  });

  test('has the reference built where there is a network, once', { timeout: 60_000 }, () => {
    const directory = mkdtempSync(join(tmpdir(), 'bulkhead-go-'));
    try {
      const builder = [
        '#!/bin/sh',
        '[ "$1" = install ] || exit 0',
        `readlink /proc/self/ns/net >> ${directory}/namespaces`,
        'mkdir -p "$GOBIN" && printf "#!/bin/sh\necho built\n" > "$GOBIN/bridge" && chmod +x "$GOBIN/bridge"',
      ];
      writeFileSync(join(directory, 'go'), builder.join('\n'), { mode: 0o755 });
      const env = { ...process.env, PATH: `${directory}:${process.env.PATH}`, XDG_CACHE_HOME: directory };
      const options = ['--disable-warning=ExperimentalWarning', join(project, 'bench/main.ts')];
      for (let round = 0; round < 2; round++) {
        const { stderr } = spawnSync(process.execPath, [...options, '--smoke', '--only', 'version'], {
          encoding: 'utf8',
          env,
        });
        // What was built answers no call.
        expect(stderr).toContain('go');
      }
      const namespaces = readFileSync(join(directory, 'namespaces'), 'utf8').trim().split('\n');
      expect(namespaces).toEqual([readlinkSync('/proc/self/ns/net')]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test.each([
    ['tells of no interface', '{}', ' did not make eth0'],
    [
      'made no interface',
      '{"interfaces":[{"name":"eth0","sandbox":"\'$CNI_NETNS\'"}],"ips":[{"address":"10.1.0.9/16"}]}',
      'go did not add 10.1.0.9/16',
    ],
  ])('ends with the first answer that %s', { timeout: 60_000 }, (_, answer, words) => {
    const directory = mkdtempSync(join(tmpdir(), 'bulkhead-liar-'));
    try {
      writeFileSync(join(directory, 'bridge'), `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 });
      const { status, stdout, stderr } = bench('--smoke', '--only', 'version', '--reference', directory);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toContain(words);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
