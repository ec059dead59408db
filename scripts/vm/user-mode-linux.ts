import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A command to be run under a kernel of its own. */
export interface Run {
  readonly command: readonly string[];
  /** Where it starts: a path of the machine's, which is seen inside by the same name. */
  readonly directory: string;
  /** Seconds from the boot to the end. */
  readonly limit: number;
  /** MiB that the kernel may use. It takes what it touches. */
  readonly memory: number;
}

/** How it ended. `console` is what the kernel said last. */
export type Ended =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'time-limit' }
  | { readonly kind: 'not-booted' | 'broken'; readonly console: string };

export interface Outputs {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** What has to be there, and the package of Debian's that has it. */
const needed = [
  ['/usr/bin/linux.uml', 'user-mode-linux'],
  ['/usr/lib/uml/modules', 'user-mode-linux'],
  ['/sbin/modprobe', 'kmod'],
] as const;

const init = fileURLToPath(new URL('init', import.meta.url));

/** linux: arch/um/include/uapi/asm, COMMAND_LINE_SIZE. */
const longestCommandLine = 4096;

/** Why no kernel can be booted here; undefined where nothing is missing. */
export function missingKernel(): string | undefined {
  if (process.geteuid?.() !== 0) return 'only root can make the namespaces that it runs in';
  const missing = needed.filter(([path]) => !existsSync(path));
  const packages = [...new Set(missing.map(([, name]) => name))];
  if (missing.length === 0) return undefined;
  return `there is no ${missing.map(([path]) => path).join(', no ')} (apt-get install ${packages.join(' ')})`;
}

/**
 * User Mode Linux: a kernel that is a process, and needs no hardware to boot on. It runs in a process namespace of its own, all of which
 * ends with it, and its memory is in a file system that nobody else sees and that goes with it: nothing is left, however it ends.
 * Throws RangeError where the command is too long to be passed on.
 */
export class UserModeLinux implements Disposable {
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcess;
  readonly #timer: NodeJS.Timeout;
  #isLate = false;

  constructor(run: Run, { stdout, stderr }: Outputs) {
    const [file = '', ...args] = [...guards(run), ...kernelCommand(run)];
    // A process group of its own, so that it can be ended whole.
    this.#process = spawn(file, args, { detached: true, env: {}, stdio: ['ignore', ...new Array(5).fill('pipe')] });
    const [, console, ownErrors, out, errors, status] = this.#process.stdio as NodeJS.ReadableStream[];
    out?.pipe(stdout, { end: false });
    errors?.pipe(stderr, { end: false });
    const said = [collect(console), collect(ownErrors)];
    const told = collect(status);
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      this.end();
    }, run.limit * 1000);
    this.ended = new Promise<Ended>((resolve, reject) => {
      this.#process.on('error', reject);
      this.#process.on('close', () => resolve(this.#outcome(told(), said.map((text) => text()).join(''))));
    }).finally(() => clearTimeout(this.#timer));
  }

  /** Ends it at once, with everything in it. */
  end(): void {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    process.kill(-pid, 'SIGKILL');
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.end();
  }

  #outcome(told: string, console: string): Ended {
    const [, status] = /^(\d+)$/m.exec(told) ?? [];
    if (status !== undefined) return { kind: 'status', status: Number(status) };
    if (this.#isLate) return { kind: 'time-limit' };
    return { kind: told.includes('booted') ? 'broken' : 'not-booted', console };
  }
}

/** The last of what a stream says. */
function collect(stream: NodeJS.ReadableStream | undefined): () => string {
  let text = '';
  stream?.on('data', (chunk) => {
    text = `${text}${chunk}`.slice(-10_000);
  });
  return () => text;
}

/** What the kernel runs in. timeout(1) is for the case that this process is killed, and its own time limit with it. */
function guards({ limit, memory }: Run): string[] {
  // Not as process 1 of the namespace, which cannot end itself by a signal as the kernel does when it panics.
  const inMemory = `ulimit -c 0; mount -t tmpfs -o mode=700,size=${memory + 64}m memory /dev/shm && "$@"; exit`;
  return [
    ...['/usr/bin/timeout', '--signal=KILL', `${limit + 5}`],
    ...['/usr/bin/unshare', '--mount', '--pid', '--fork', '--kill-child'],
    ...['/bin/sh', '-c', inMemory, 'sh', '/usr/bin/env', 'TMPDIR=/dev/shm', 'HOME=/dev/shm'],
  ];
}

function kernelCommand(run: Run): string[] {
  const command = [
    '/usr/bin/linux.uml',
    ...[`mem=${run.memory}M`, `umid=bulkhead-vm-${process.pid}`, 'uml_dir=/dev/shm', 'quiet'],
    ...['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${init}`],
    // Terminals of the kernel's and the descriptors that they lead to.
    ...['con=null', 'con0=null,fd:1', 'con1=null,fd:3', 'con2=null,fd:4', 'con3=null,fd:5'],
    `bulkhead_vm=${Buffer.from(script(run)).toString('base64')}`,
  ];
  if (command.join(' ').length >= longestCommandLine) throw new RangeError('the command is too long for a kernel');
  return command;
}

function script({ command, directory }: Run): string {
  const environment = [`PATH=${process.env.PATH}`, 'HOME=/root', 'TMPDIR=/run/tmp'];
  return `cd ${quote(directory)} && exec /usr/bin/env ${[...environment, ...command].map(quote).join(' ')}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
