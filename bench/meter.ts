import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { built } from '../host/cli/project.ts';

/** Made by `scripts/build-native.ts --bench`, where there is cargo. */
export const builtDriver = join(dirname(built.shim), 'bench-driver');

/** One execution of a program, in the network namespace of its node. */
export interface Call {
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly namespace: string;
  readonly stdin: string;
}

/** How an execution went. Its time is from before it is spawned until its end is known. */
export interface Measured {
  readonly nanoseconds: number;
  /** Its own and its children's, in user and in system mode. */
  readonly cpuNanoseconds: number;
  /** The most that it had in memory. */
  readonly residentKilobytes: number;
  /** Negative: the signal that ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface MeasuredBatch {
  /** From the start of the first call to the end of the last. */
  readonly nanoseconds: number;
  readonly calls: readonly Measured[];
}

/** The driver (bench/driver), which executes calls and tells how long they took: nothing is measured in this process. */
export class Meter implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    const child = spawn(builtDriver, { stdio: ['pipe', 'pipe', 'inherit'], env: {} });
    this.#process = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Throws where the driver ends, which says why on standard error. */
  async run(calls: readonly Call[], atOnce = 1): Promise<MeasuredBatch> {
    this.#process.stdin?.write(`${JSON.stringify({ atOnce, calls })}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the driver has ended');
    return JSON.parse(value) as MeasuredBatch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.stdin?.end();
    await ended;
  }
}
