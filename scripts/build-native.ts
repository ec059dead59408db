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
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { builtDriver } from '../bench/meter.ts';
import { built, projectDirectory } from '../host/cli/project.ts';

/** A crate, the file that cargo makes of it, and what it is called here. */
interface Crate {
  readonly directory: string;
  readonly file: string;
  readonly product: string;
  readonly without: string;
  readonly takes: string;
}

const crates: readonly Crate[] = [
  {
    ...{ directory: 'native/shim', file: 'bulkhead-shim', product: basename(built.shim), takes: 'a second' },
    without: 'each call starts the host',
  },
  {
    ...{ directory: 'native/wasmtime', file: 'libwasmtime_node.so', product: basename(built.wasmtime) },
    ...{ takes: 'some four minutes', without: 'everything runs on v8' },
  },
];
/** What only `npm run bench` needs. */
const benchDriver: Crate = {
  ...{ directory: 'bench/driver', file: 'bulkhead-bench-driver', product: basename(builtDriver) },
  ...{ takes: 'some ten seconds', without: 'nothing can be measured' },
};

/**
 * Builds what is in Rust with cargo, once per machine: what was built of the same sources lies in a cache outside of the clone.
 * Without cargo there is no second engine and no shim. `--optional`: nor where a build fails. `--bench`: what that needs as well.
 */
const { values: options } = parseArgs({
  options: {
    optional: { type: 'boolean', default: false },
    bench: { type: 'boolean', default: false },
    to: { type: 'string', default: dirname(built.shim) },
  },
});
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bulkhead/native');
const rust = spawnSync('rustc', ['--version', '--verbose'], { encoding: 'utf8' });
process.exitCode = Math.max(...[...crates, ...(options.bench ? [benchDriver] : [])].map(provide));

function provide(crate: Crate): number {
  const { directory, product, without } = crate;
  const to = join(options.to, product);
  const key = keyOf(crate);
  if (isPlaced(to, key)) return 0;
  rmSync(to, { force: true });
  const cached = join(cache, key, product);
  if (!existsSync(cached)) {
    if (rust.status !== 0 || !hasCargo()) {
      console.log(`bulkhead: there is no cargo here: ${directory} is left out, ${without}`);
      return 0;
    }
    const failure = build(crate, cached);
    if (failure !== undefined) {
      console.error(`bulkhead: ${directory} is left out, ${without}: ${failure}`);
      return options.optional ? 0 : 1;
    }
  }
  place(cached, to, key);
  return 0;
}

/** Of all that the file is made of. */
function keyOf(crate: Crate): string {
  const hash = createHash('sha256').update(JSON.stringify([rust.status === 0 ? rust.stdout : '', process.arch]));
  const cwd = join(projectDirectory, crate.directory);
  for (const name of globSync(['Cargo.*', '.cargo/*', 'build.rs', 'src/**/*.rs'], { cwd }).sort()) {
    hash.update(`${name}\0`).update(readFileSync(join(cwd, name)));
  }
  return hash.digest('hex').slice(0, 32);
}

function hasCargo(): boolean {
  return spawnSync('cargo', ['--version']).status === 0;
}

/** Builds the file. Returns why it could not. What cargo says stands in a file beside it. */
function build(crate: Crate, file: string): string | undefined {
  const target = process.env.CARGO_TARGET_DIR ?? join(cache, 'target');
  const logFile = join(cache, `${basename(crate.directory)}.log`);
  console.log(`bulkhead: building ${crate.directory}, once on this machine: ${crate.takes} (${logFile})`);
  mkdirSync(dirname(file), { recursive: true });
  const log = openSync(logFile, 'w');
  const { status, error } = spawnSync('cargo', ['build', '--release', '--locked'], {
    cwd: join(projectDirectory, crate.directory),
    env: { ...process.env, CARGO_TARGET_DIR: target },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  if (status !== 0) return `cargo failed: ${error?.message ?? lastError(logFile)} (${logFile})`;
  replace(join(target, 'release', crate.file), file);
  // Half a gigabyte. Who works on the crate keeps it by a CARGO_TARGET_DIR.
  if (process.env.CARGO_TARGET_DIR === undefined) rmSync(target, { recursive: true, force: true });
  return undefined;
}

function lastError(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  return lines.findLast((line) => line.startsWith('error')) ?? 'it says nothing';
}

function isPlaced(to: string, key: string): boolean {
  return existsSync(to) && existsSync(stampOf(to)) && readFileSync(stampOf(to), 'utf8') === key;
}

function place(cached: string, to: string, key: string): void {
  mkdirSync(dirname(to), { recursive: true });
  replace(cached, to);
  writeFileSync(stampOf(to), key);
}

function stampOf(to: string): string {
  return `${to}.key`;
}

/** By a rename: processes that have loaded what was there keep it. */
function replace(from: string, to: string): void {
  const fresh = `${to}.${process.pid}`;
  copyFileSync(from, fresh, constants.COPYFILE_FICLONE);
  renameSync(fresh, to);
}
