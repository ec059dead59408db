import { readFileSync, writeFileSync } from 'node:fs';
import type { answerOnce } from './one-shot.ts';

/** What host/cli/one-shot.ts exports. */
interface Host {
  readonly answerOnce: typeof answerOnce;
}

/** Called with what a CommonJS module is. */
type Evaluate = (
  require: (id: string) => unknown,
  exports: Partial<Host>,
  __filename: string,
  __dirname: string,
) => void;

/** The host as `bundleHost` leaves it in a release, and V8's code cache for it. */
interface Files {
  readonly source: string;
  readonly code: string;
}

function filesIn(release: string): Files {
  return { source: `${release}/host.js`, code: `${release}/host.code` };
}

/**
 * Loads the host: one file, compiled before. V8 looks at the processor, the version and the settings that the code is of, and compiles again
 * where they are others, as it does where there is none. Returns whether it took it.
 */
export function loadHost(release: string): Host & { readonly wasCompiled: boolean } {
  const { source, code } = filesIn(release);
  const script = scriptOf(source, readIfThere(code));
  const exports: Partial<Host> = {};
  (script.runInThisContext() as Evaluate)(requireFor(source), exports, source, release);
  return { ...(exports as Host), wasCompiled: script.cachedDataRejected === false };
}

/**
 * Compiles all functions of the host, at install: compiled one by one, as they are called, they cost a call 14 ms. It has to be done in a
 * process that was started as a call is. Throws where V8 would not take what was written.
 */
export function compileHost(release: string): void {
  const { source, code } = filesIn(release);
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  setFlagsFromString('--no-lazy');
  const script = scriptOf(source);
  // What was compiled is only valid under the same settings.
  setFlagsFromString('--lazy');
  writeFileSync(code, script.createCachedData());
  if (!loadHost(release).wasCompiled) throw new Error(`V8 does not take what it compiled: ${code}`);
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** In characters of one byte: `bundleHost` writes ASCII. */
function scriptOf(file: string, cachedData?: Buffer) {
  const { Script } = process.getBuiltinModule('node:vm');
  return new Script(readFileSync(file, 'latin1'), { filename: file, ...(cachedData && { cachedData }) });
}

/** Node's own modules, and what lies beside the host. */
function requireFor(file: string): (id: string) => unknown {
  return (id) => process.getBuiltinModule(id) ?? process.getBuiltinModule('node:module').createRequire(file)(id);
}
