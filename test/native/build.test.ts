import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/build-native.ts', import.meta.url));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-build-native-'));
  mkdirSync(join(directory, 'bin'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const product = () => join(directory, 'out/wasmtime.node');
const calls = () => (existsSync(join(directory, 'calls')) ? readFileSync(join(directory, 'calls'), 'utf8') : '');

/** A machine with a rustc of that version, and a cargo that does so. */
function putRust(version: string, cargo: string): void {
  const write = (name: string, body: string) =>
    writeFileSync(join(directory, 'bin', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  write('rustc', `echo rustc ${version}`);
  write('cargo', `[ "$1" = --version ] && exit 0\necho "$*" >> ${directory}/calls\n${cargo}`);
}

const building = `cd "$CARGO_TARGET_DIR" 2>/dev/null || { mkdir -p "$CARGO_TARGET_DIR"; cd "$CARGO_TARGET_DIR"; }
mkdir -p release; for file in libwasmtime_node.so bulkhead-shim; do echo built > release/$file; done`;
/** What cargo is called with, for both crates. */
const once = 'build --release --locked\n'.repeat(2);

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', script, '--to', join(directory, 'out'), ...args],
    { env: { PATH: `${directory}/bin:/bin:/usr/bin`, XDG_CACHE_HOME: join(directory, 'cache') }, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

test('without cargo there is a line for each, and nothing is left of an older build', () => {
  putRust('1', 'exit 1');
  writeFileSync(join(directory, 'bin/cargo'), '#!/bin/sh\nexit 127\n', { mode: 0o755 });
  mkdirSync(join(directory, 'out'));
  writeFileSync(product(), 'older');
  expect(run()).toEqual({
    status: 0,
    stdout: [
      'bulkhead: there is no cargo here: native/shim is left out, each call starts the host\n',
      'bulkhead: there is no cargo here: native/wasmtime is left out, everything runs on v8\n',
    ].join(''),
    stderr: '',
  });
  expect(existsSync(product())).toBe(false);
});

test('what was built is used by each clone on the machine, until compiler or sources are others', () => {
  putRust('1', building);
  expect(run().status).toBe(0);
  expect(readFileSync(product(), 'utf8')).toBe('built\n');
  expect(readFileSync(join(directory, 'out/shim'), 'utf8')).toBe('built\n');
  expect(calls()).toBe(once);
  expect(existsSync(join(directory, 'cache/bulkhead/native/target'))).toBe(false);

  rmSync(join(directory, 'out'), { recursive: true });
  expect(run()).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(readFileSync(product(), 'utf8')).toBe('built\n');
  expect(run()).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(calls()).toBe(once);

  putRust('2', building);
  expect(run().status).toBe(0);
  expect(calls()).toBe(once.repeat(2));
});

test('a build that fails says why; where it is optional, all goes on', () => {
  putRust('1', 'echo "error: linking failed"; exit 101');
  const failed = run();
  expect(failed.status).toBe(1);
  expect(failed.stderr).toMatch(
    /^bulkhead: native\/shim is left out, each call starts the host: cargo failed: error: linking failed \(.*shim\.log\)\nbulkhead: native\/wasmtime is left out, everything runs on v8: cargo failed: .*\n$/,
  );
  expect(run('--optional')).toEqual({ ...failed, status: 0 });
  expect(existsSync(product())).toBe(false);
});
