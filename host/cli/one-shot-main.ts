import { dirname } from 'node:path';
import { startupSnapshot } from 'node:v8';
import { versionAnswer } from '../cni/call.ts';
import { failure } from './failure.ts';
import { compileHost, loadHost } from './one-shot-code.ts';
import { compileArgument } from './one-shot-command.ts';
import { print } from './standard-streams.ts';

/**
 * What a launcher executes: Node, started from a snapshot in which this was run, as `node --snapshot-blob boot.blob ROOT VERSION TYPE [CALL]`.
 * The host is the one beside that Node.
 */
function main(): void {
  // Refusals of the kernel are errors, and nobody reads where they were thrown.
  Error.stackTraceLimit = 0;
  const [, root = '/', version = '', type = '', callId] = process.argv;
  try {
    if (process.env.CNI_COMMAND === 'VERSION') print({ stdout: versionAnswer(), stderr: '', exitCode: 0 });
    else void loadHost(dirname(process.execPath)).answerOnce(root, version, type, callId);
  } catch (error) {
    print(failure(error));
  }
}

/** The same at install: `node --snapshot-blob boot.blob --compile`. */
function install(): void {
  compileHost(dirname(process.execPath));
}

// What every call uses of Node is in the snapshot then; to load it takes 6 ms.
for (const name of ['crypto', 'fs', 'module', 'os', 'path', 'perf_hooks', 'v8', 'vm']) process.getBuiltinModule(name);
// The global is made when it is first used.
performance.now();
startupSnapshot.setDeserializeMainFunction(() => (process.argv[1] === compileArgument ? install() : main()));
