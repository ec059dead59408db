import { readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Bench } from '../../conformance/bench/bench.ts';
import type { Configuration } from '../../conformance/bench/call.ts';
import { checks } from '../../conformance/catalogue.ts';
import type { Check } from '../../conformance/check.ts';
import { isObject } from '../../conformance/expect.ts';
import { jsonReport } from '../../conformance/report/json.ts';
import { tableReport } from '../../conformance/report/table.ts';
import { tapReport } from '../../conformance/report/tap.ts';
import { type Checked, failures, runChecks } from '../../conformance/run.ts';
import { matches, parseKnown } from '../../conformance/selection.ts';
import { knownSubjects, otherSubject, type Subject } from '../../conformance/subjects.ts';
import { UsageError } from '../errors.ts';
import { columns } from '../terminal.ts';

interface Options {
  readonly tap?: boolean;
  readonly json?: boolean;
  readonly list?: boolean;
  readonly only?: string;
  readonly known?: string;
  readonly plugin?: string;
  readonly config?: string;
  readonly timeout: string;
  readonly jobs?: string;
}

/** Checks the plugins of a directory. Exit status: 0 all passed, 1 some failed, 2 wrong usage, 130 interrupted. */
export async function conformanceCommand(directory: string | undefined, options: Options): Promise<void> {
  try {
    const selected = select(options);
    if (options.list) console.log(columns(selected.map(({ id, title }) => [id, title])));
    else await run(requireDirectory(directory), selected, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`bulkhead: ${error.message}`);
    process.exitCode = 2;
  }
}

async function run(directory: string, selected: readonly Check[], options: Options): Promise<void> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, interrupt);
  try {
    await report(directory, selected, options, interrupted.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    if (interrupted.signal.aborted) process.exitCode = 130;
  }
}

async function report(
  directory: string,
  selected: readonly Check[],
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const known = options.known === undefined ? new Set<string>() : parseKnown(readGiven(options.known));
  const limit = numberOf('--timeout', options.timeout) * 1000;
  const jobs = options.jobs === undefined ? availableParallelism() : numberOf('--jobs', options.jobs);
  const knownTypes = knownSubjects.map(({ type }) => type);
  const types = options.plugin === undefined ? knownTypes : [options.plugin];
  // What a plugin delegates to is looked at, too.
  using bench = await Bench.open({
    binaries: directory,
    limit,
    types: [...new Set([...types, ...knownTypes])],
    signal,
  });
  if (!types.some((type) => bench.versions.has(type)) && !bench.aborted) {
    throw new UsageError(`${directory} has no executable ${types.join(', ')}`);
  }
  const done = await runChecks(bench, selected, { jobs, known, ...(isQuiet(options) ? {} : { progress }) });
  if (bench.aborted) return;
  console.log(options.json ? jsonReport(bench, done) : options.tap ? tapReport(done) : tableReport(done));
  if (failures(done).length > 0) process.exitCode = 1;
}

function select({ plugin, config, only = '*' }: Options): readonly Check[] {
  const selected = checks(subjectOf(plugin, config)).filter(({ id }) => matches(id, only));
  if (selected.length === 0) throw new UsageError(`no check matches ${only} (--list shows all)`);
  return selected;
}

function subjectOf(plugin: string | undefined, config: string | undefined): Subject | undefined {
  if (plugin === undefined && config !== undefined) throw new UsageError('--config is of a plugin: --plugin NAME');
  if (plugin === undefined) return undefined;
  if (!/^[\w.-]+$/.test(plugin)) throw new UsageError(`${plugin} is no name of a plugin`);
  const known = knownSubjects.find(({ type }) => type === plugin);
  if (config === undefined) return known ?? otherSubject(plugin, undefined);
  return otherSubject(plugin, readConfiguration(config));
}

function readConfiguration(path: string): Configuration {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readGiven(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (!isObject(parsed)) throw new UsageError(`${path} is no plugin configuration`);
  // The suite gives each network a name of its own, and asks in every version.
  const { name: _, cniVersion: __, ...configuration } = parsed;
  return configuration;
}

function requireDirectory(directory: string | undefined): string {
  if (directory === undefined) throw new UsageError('which directory? `bulkhead conformance BIN_DIR`');
  const path = resolve(directory);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError(`${path} is no directory`);
  return path;
}

function readGiven(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value)))
    throw new UsageError(`${option} is ${text}, and has to be a number above 0`);
  return Math.max(value, option === '--jobs' ? 1 : 0);
}

function isQuiet({ tap, json }: Options): boolean {
  return tap === true || json === true || !process.stderr.isTTY;
}

/** A line that is written over, where somebody is looking. */
function progress({ check }: Checked): void {
  process.stderr.write(`\r\u001b[K${check.id}\r\u001b[K`);
}
