import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { configureShim } from '../../host/cli/install/shim.ts';
import { built } from '../../host/cli/project.ts';

/** The executable as cargo made it. */
export const builtShim = process.env.BULKHEAD_SHIM ?? built.shim;
export const hasShim = existsSync(builtShim);
/** In titles: why tests are skipped. */
export const whyNot = hasShim ? '' : ` (skipped: there is no ${builtShim}; npm run build:native)`;

export const failure = '{ "code": 999, "msg": "bulkhead: cannot execute the host" }';

/** What is executed without a daemon: it prints all that it was given, standard input last. */
const hostScript = `#!/bin/sh
echo "arguments: $*"
tr '\\0' '\\n' < /proc/$$/environ
echo "ignored: $(sed -n 's/^SigIgn:.//p' /proc/$$/status)"
ls -l /proc/$$/fd
echo stdin:
cat
exit 3
`;

export interface Start {
  /** Closed where there is none. */
  readonly stdin?: Uint8Array | string | 'pipe' | number;
  readonly stdout?: number;
  readonly uid?: number;
  /** What executes the shim, which is its last argument. */
  readonly through?: readonly [string, ...string[]];
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** A shim in a directory of its own. */
export class ShimInstallation implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'bulkhead-shim-'));
  readonly program = join(this.directory, 'test-plugin');
  readonly socket: string;
  readonly #host = join(this.directory, 'host');

  constructor({ socket, host }: { readonly socket?: string; readonly host?: string } = {}) {
    this.socket = socket ?? join(this.directory, 'calls.sock');
    writeFileSync(this.#host, hostScript, { mode: 0o755 });
    const command = [host ?? this.#host, 'first', 'second one'] as const;
    const image = configureShim(readFileSync(builtShim), {
      type: 'test-plugin',
      socket: this.socket,
      failure,
      command,
    });
    writeFileSync(this.program, image, { mode: 0o755 });
  }

  start(
    env: Readonly<Record<string, string>>,
    { stdin = '', stdout, uid, through = [this.program] }: Start = {},
  ): Started {
    const [program, ...args] = through;
    const input = typeof stdin === 'number' || stdin === 'pipe' ? stdin : this.#opened(stdin);
    const child = spawn(program, through[0] === this.program ? args : [...args, this.program], {
      env,
      stdio: [input, stdout ?? 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid }),
    });
    if (typeof input === 'number') closeSync(input);
    return { child, ended: endOf(child) };
  }

  /** What the host reports without a shim. */
  async withoutShim(): Promise<HostReport> {
    return reportOf(await this.start({}, { through: ['/bin/sh', '-c', 'exec "$1"', 'sh', this.#host] }).ended);
  }

  /** A file, so that nobody has to write while a test waits for a connection. */
  #opened(bytes: Uint8Array | string): number {
    const path = join(this.directory, 'stdin');
    writeFileSync(path, bytes);
    return openSync(path, 'r');
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function endOf(child: ChildProcess): Promise<Ended> {
  const closed = new Promise<Pick<Ended, 'status' | 'signal'>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal }));
  });
  // A stream that a test destroyed has no end.
  const [stdout, stderr] = await Promise.all(
    [child.stdout, child.stderr].map((one) => (one ? buffer(one).catch(() => '') : '')),
  );
  return { ...(await closed), stdout: String(stdout), stderr: String(stderr) };
}

export interface HostReport {
  readonly arguments: string;
  readonly environment: readonly string[];
  /** Signals that it was made to ignore, as /proc/PID/status has them. */
  readonly ignored: string;
  /** What its descriptors lead to, but for the standard streams. */
  readonly descriptors: readonly string[];
  readonly stdin: string;
}

/** What the host was given, where it was what ran. Throws where it was not. */
export function reportOf({ stdout, status }: Ended): HostReport {
  const parts = /^arguments: (.*?)\n(.*)ignored: (\w+)\n(.*?)stdin:\n(.*)$/s.exec(stdout);
  if (parts === null || status !== 3) throw new Error(`the host did not run: ${status}, ${stdout.slice(0, 500)}`);
  const [, given = '', environment = '', ignored = '', listing = '', stdin = ''] = parts;
  const descriptors = [...listing.matchAll(/ (\d+) -> (.*)$/gm)]
    .filter(([, fd, target]) => Number(fd) > 2 && !target?.endsWith('/host'))
    .map(([, , target]) => target ?? '');
  return { arguments: given, environment: environment.split('\n').filter(Boolean), ignored, descriptors, stdin };
}
