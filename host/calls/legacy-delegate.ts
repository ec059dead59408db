import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from '../cni/call.ts';
import { CniError, errorCodes } from '../cni/error.ts';
import { parseJson } from '../cni/json/parse.ts';
import { JsonNumber, JsonObject } from '../cni/json/value.ts';
import type { Outcome } from '../cni/outcome.ts';
import { decodeResult, ResultError } from '../cni/result/decode.ts';
import type { Deadline } from '../system/deadline.ts';
import { beforeLongWait } from '../system/long-wait.ts';
import { sealedFile } from '../system/sealed.ts';
import { escapeControls, type Log } from './log.ts';

/** What an executable delegate gets besides CNI_*: enough to find system tools, and nothing of whoever called us. */
const fixedPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** No delegate answers with more. */
const largestAnswer = 4 * 1024 * 1024;

/**
 * Executes an IPAM plugin of the old kind, found in CNI_PATH as the reference does, with stdin as it came
 * (CNI specification 1.1.0, section 4). Returns its result for ADD. Throws CniError: the plugin's own, or one that says how it ended.
 */
export function executeDelegate(
  { path, bytes }: Executable,
  call: Call,
  type: string,
  deadline: Deadline,
  log: Log,
): Outcome | undefined {
  const { environment, verb } = call;
  using file = new Sealed(type, bytes);
  beforeLongWait();
  const result = spawnSync('/proc/self/fd/3', {
    input: call.stdin,
    stdio: ['pipe', 'pipe', 'pipe', file.fd],
    argv0: path,
    env: {
      PATH: fixedPath,
      CNI_COMMAND: verb,
      CNI_CONTAINERID: environment.containerId,
      CNI_NETNS: environment.netns,
      CNI_IFNAME: environment.interfaceName,
      CNI_ARGS: environment.args,
      CNI_PATH: environment.path.join(':'),
    },
    timeout: Math.min(Math.ceil(deadline.remaining) + 1, 0x7fff_ffff),
    killSignal: 'SIGKILL',
    maxBuffer: largestAnswer,
    windowsHide: true,
  });
  const stderr = result.stderr?.toString('utf8') ?? '';
  if (stderr !== '') log('info', `${type}: ${escapeControls(stderr.trimEnd())}`);
  // One that does not read its configuration to the end may still answer.
  if (result.error !== undefined && !('code' in result.error && result.error.code === 'EPIPE')) {
    throw new CniError(errorCodes.internal, `failed to execute delegate ${path}: ${result.error.message}`, '', {
      cause: result.error,
    });
  }
  if (result.status !== 0) throw failure(result.stdout, stderr, result.status, result.signal);
  return verb === 'ADD' ? decodeAnswer(result.stdout, call) : undefined;
}

/** An executable as it was read: what was looked at is what runs. */
export interface Executable {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
}

/** Throws CniError. */
export function readExecutable(path: string): Executable {
  try {
    const bytes = readFileSync(path);
    return { path, bytes, digest: createHash('sha256').update(bytes).digest('hex') };
  } catch (cause) {
    throw new CniError(errorCodes.internal, `cannot read delegate ${path}: ${(cause as Error).message}`, '', { cause });
  }
}

class Sealed implements Disposable {
  readonly fd: number;

  constructor(name: string, bytes: Uint8Array) {
    this.fd = sealedFile(name, bytes);
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

/** The first directory that has a regular file of that name. Throws CniError in the reference's words (containernetworking/cni pkg/invoke/find.go). */
export function findExecutable(type: string, directories: readonly string[]): string {
  const fail = (message: string) => new CniError(errorCodes.internal, message);
  if (type === '') throw fail('no plugin name provided');
  if (type.includes('/')) throw fail(`invalid plugin name: ${type}`);
  if (directories.length === 0) throw fail('no paths provided');
  for (const directory of directories) {
    const path = join(directory, type);
    if (isFile(path)) return path;
  }
  throw fail(`failed to find plugin "${type}" in path [${directories.join(' ')}]`);
}

/** A directory that cannot be looked into has none. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function failure(stdout: Buffer, stderr: string, status: number | null, signal: string | null): CniError {
  const how = status === null ? `signal: ${signal}` : `exit status ${status}`;
  if (stdout.length === 0) {
    const message =
      stderr === ''
        ? `netplugin failed with no error message: ${how}`
        : `netplugin failed: ${JSON.stringify(stderr)}: ${how}`;
    return new CniError(errorCodes.internal, message);
  }
  try {
    const value = parseJson(stdout);
    const code = value instanceof JsonObject ? value.get('code') : undefined;
    const text = (key: string) => {
      const found = value instanceof JsonObject ? value.get(key) : undefined;
      return typeof found === 'string' ? found : '';
    };
    return new CniError(code instanceof JsonNumber ? Number(code.text) : 0, text('msg'), text('details'));
  } catch (error) {
    const said = JSON.stringify(stdout.toString('utf8'));
    const message = `netplugin failed but error parsing its diagnostic message ${said}: ${(error as Error).message}`;
    return new CniError(errorCodes.internal, message, '', { cause: error });
  }
}

function decodeAnswer(stdout: Buffer, call: Call): Outcome {
  try {
    return decodeResult(parseJson(stdout), call.version);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const prefix = error instanceof ResultError ? '' : 'cannot read its result: ';
    throw new CniError(errorCodes.internal, `IPAM plugin: ${prefix}${error.message}`, '', { cause: error });
  }
}
