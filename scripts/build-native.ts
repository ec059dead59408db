import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { built, projectDirectory } from '../host/cli/project.ts';

/**
 * Builds wasmtime's bindings with cargo, once per machine: what was built of the same sources lies in a cache outside of the clone.
 * Without cargo there is no second engine, and everything runs on V8. `--optional`: nor where the build fails.
 */
const { values: options } = parseArgs({
  options: { optional: { type: 'boolean', default: false }, to: { type: 'string', default: built.wasmtime } },
});
const crate = join(projectDirectory, 'native/wasmtime');
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bulkhead/native');
process.exitCode = main();

function main(): number {
  const rust = spawnSync('rustc', ['--version', '--verbose'], { encoding: 'utf8' });
  const key = keyOf(rust.status === 0 ? rust.stdout : '');
  if (isPlaced(key)) return 0;
  rmSync(options.to, { force: true });
  const cached = join(cache, key, 'wasmtime.node');
  if (!existsSync(cached)) {
    if (rust.status !== 0 || !hasCargo()) {
      console.log('bulkhead: there is no cargo here: wasmtime is left out, everything runs on v8');
      return 0;
    }
    const failure = build(cached);
    if (failure !== undefined) {
      console.error(`bulkhead: wasmtime is left out, everything runs on v8: ${failure}`);
      return options.optional ? 0 : 1;
    }
  }
  place(cached, key);
  return 0;
}

/** Of all that the file is made of. */
function keyOf(rust: string): string {
  const hash = createHash('sha256').update(JSON.stringify([rust, process.arch]));
  for (const name of globSync(['Cargo.*', 'build.rs', 'src/**/*.rs'], { cwd: crate }).sort()) {
    hash.update(`${name}\0`).update(readFileSync(join(crate, name)));
  }
  return hash.digest('hex').slice(0, 32);
}

function hasCargo(): boolean {
  return spawnSync('cargo', ['--version']).status === 0;
}

/** Builds the file. Returns why it could not. What cargo says stands in a file beside it. */
function build(file: string): string | undefined {
  const target = process.env.CARGO_TARGET_DIR ?? join(cache, 'target');
  const logFile = join(cache, 'build.log');
  console.log(`bulkhead: building wasmtime's bindings, once on this machine: some four minutes (${logFile})`);
  mkdirSync(dirname(file), { recursive: true });
  const log = openSync(logFile, 'w');
  const { status, error } = spawnSync('cargo', ['build', '--release', '--locked'], {
    cwd: crate,
    env: { ...process.env, CARGO_TARGET_DIR: target },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  if (status !== 0) return `cargo failed: ${error?.message ?? lastError(logFile)} (${logFile})`;
  replace(join(target, 'release/libwasmtime_node.so'), file);
  // Half a gigabyte. Who works on the crate keeps it by a CARGO_TARGET_DIR.
  if (process.env.CARGO_TARGET_DIR === undefined) rmSync(target, { recursive: true, force: true });
  return undefined;
}

function lastError(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  return lines.findLast((line) => line.startsWith('error')) ?? 'it says nothing';
}

function isPlaced(key: string): boolean {
  return existsSync(options.to) && existsSync(stamp()) && readFileSync(stamp(), 'utf8') === key;
}

function place(cached: string, key: string): void {
  mkdirSync(dirname(options.to), { recursive: true });
  replace(cached, options.to);
  writeFileSync(stamp(), key);
}

function stamp(): string {
  return `${options.to}.key`;
}

/** By a rename: processes that have loaded what was there keep it. */
function replace(from: string, to: string): void {
  const fresh = `${to}.${process.pid}`;
  copyFileSync(from, fresh, constants.COPYFILE_FICLONE);
  renameSync(fresh, to);
}
