// Bulkhead beside the reference and beside what the kernel itself takes: `npm run bench -- [OPTION …]`. Needs root.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findReference } from './machine/reference.ts';
import { type Options, parseOptions, usage } from './options.ts';

/** Nothing of the machine's is touched: interfaces, rules, mounts and processes are in namespaces that end with the first process. */
const apart = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

const args = process.argv.slice(2);
process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    return fail(`${(error as Error).message}\nusage: ${usage}`, 2);
  }
  if (process.geteuid?.() !== 0) return fail('needs root: it makes network namespaces, and containers in them', 1);
  let reference: string;
  try {
    // Here: there is no way to Go's module proxy from inside.
    reference = findReference(options.reference).directory;
  } catch (error) {
    return fail((error as Error).message, 1);
  }
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
  try {
    return await runApart(directory, [...args, '--reference', reference]);
  } finally {
    // Daemons that are being killed may write for a moment yet.
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  }
}

function runApart(directory: string, options: readonly string[]): Promise<number> {
  const inside = fileURLToPath(new URL('inside.ts', import.meta.url));
  const command = [process.execPath, ...process.execArgv, inside, directory, ...options];
  const child = spawn('unshare', [...apart, '--', ...command], { stdio: 'inherit' });
  // unshare ignores these, and takes what it started with it when it is killed.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGKILL'));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(fail(`cannot execute unshare: ${error.message}`, 1)));
    child.once('exit', (status) => resolve(status ?? 1));
  });
}

function fail(words: string, status: number): number {
  console.error(`bench: ${words}`);
  return status;
}
