import { spawn } from 'node:child_process';

/** How a process ended, and what it wrote. */
export interface Execution {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** It was killed since it, or a child with its output, was still there when its time was over. */
  readonly timedOut: boolean;
}

export interface ExecutionOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Leaves stdin open after the input, as a runtime that is slow to close it. */
  readonly stdinOpen?: boolean;
  /** Milliseconds until it is killed for being too slow. */
  readonly limit: number;
  /** Milliseconds until it is killed like by a runtime that gives up: alone, its children are not. */
  readonly killAfter?: number;
}

const running = new Set<() => void>();

/** Kills what runs now, with all children. */
export function killAll(): void {
  for (const kill of running) kill();
}

/** Executes a program to its end. Rejects where it cannot be started. */
export function execute(file: string, args: readonly string[], options: ExecutionOptions): Promise<Execution> {
  const { env = {}, input = '', stdinOpen = false, limit, killAfter } = options;
  return new Promise((resolve, reject) => {
    // A process group of its own, so that no child of a plugin outlives its time.
    const child = spawn(file, args, { env, detached: true });
    const killGroup = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // ESRCH: it is gone.
      }
      // A descendant in a session of its own may hold the pipes open; nobody waits for it.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    let timedOut = false;
    const timers = [
      setTimeout(() => {
        timedOut = true;
        killGroup();
      }, limit),
      ...(killAfter === undefined ? [] : [setTimeout(() => child.kill('SIGKILL'), killAfter)]),
    ];
    running.add(killGroup);
    const ended = () => {
      running.delete(killGroup);
      for (const timer of timers) clearTimeout(timer);
    };
    const output: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => output[0].push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output[1].push(chunk));
    // EPIPE: it ended without reading, which is up to it.
    child.stdin.on('error', () => undefined);
    if (stdinOpen) child.stdin.write(input);
    else child.stdin.end(input);
    child.on('error', (error) => {
      ended();
      reject(error);
    });
    child.on('close', (status, signal) => {
      ended();
      child.stdin.destroy();
      const [stdout, stderr] = output.map((chunks) => Buffer.concat(chunks).toString()) as [string, string];
      resolve({ status, signal, stdout, stderr, timedOut });
    });
  });
}
