import { chmodSync, closeSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { LinuxKernel } from '../kernel/linux/linux-kernel.ts';
import { waitingCallers } from '../kernel/linux/waiting-callers.ts';
import { Deadline } from '../system/deadline.ts';
import { allocateReturns, type FileLock, LockTimeout, lockFile } from '../system/flock.ts';
import { listenAt, sendDatagram } from '../system/unix-socket.ts';
import { type CallTrace, wantsTraces } from './call-trace.ts';
import { type Gauge, Metrics } from './metrics.ts';
import { practicePrefix } from './practice.ts';
import { Removals } from './removals.ts';
import { Seats } from './seats.ts';
import { type Series, Tally } from './tally.ts';
import type { Traces } from './traces.ts';
import { Turns } from './turns.ts';

/** MiB of a thread's memory for what is new: what calls need is soon garbage, and stays in the processor's cache in so little. */
const youngGeneration = 8;

/** Calls that may wait until somebody has time for them (net.core.somaxconn bounds it as well). */
const backlog = 4096;
/** sd_listen_fds(3): the first descriptor that was passed. */
const SD_LISTEN_FDS_START = 3;

/** Threads that take calls at a time. */
const seats = Math.max(2, availableParallelism());

/** Where the daemon has its things. */
export interface DaemonPlaces {
  readonly root: string;
  readonly daemon: string;
  readonly socket: string;
  readonly controlSocket: string;
}

/** What the daemon gives each of its threads. */
export interface WorkerStart {
  readonly root: string;
  readonly version: string;
  /** Which one runs the plugins. */
  readonly engine: string;
  readonly listening: number;
  readonly index: number;
  /** Whether it makes calls for practice first: those that get the seats do. Others only come to it when there is much to do. */
  readonly practises: boolean;
  readonly turns: SharedArrayBuffer;
  readonly seats: SharedArrayBuffer;
  /** Locks that threads have given back. */
  readonly returns: SharedArrayBuffer;
  readonly removals: SharedArrayBuffer;
  /** What it counts. */
  readonly tally: SharedArrayBuffer;
  /** Whether somebody wants to know what calls did and when. */
  readonly traces: boolean;
  /** 1 when the daemon stops. */
  readonly stopping: SharedArrayBuffer;
}

/** What a thread tells the daemon. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'series'; readonly series: Series }
  | { readonly kind: 'trace'; readonly trace: CallTrace }
  | { readonly kind: 'policy'; readonly broken: string | undefined };

export interface DaemonOptions {
  readonly places: DaemonPlaces;
  readonly version: string;
  readonly engine: string;
  /** The file that threads run. */
  readonly worker: URL;
  readonly workers?: number;
  /** How the environment says that sockets were passed, and whom to tell. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
}

/** Another daemon serves this installation. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
}

/**
 * The host, kept warm: a socket, threads that answer what comes, and another socket at which it tells of itself (HTTP: `/status`,
 * `/metrics`). `start` returns when it can serve; `stop` when the calls that were begun are answered.
 */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #metrics = new Metrics();
  readonly #started = Date.now();
  readonly #turns: Turns;
  readonly #seats: Seats;
  readonly #returns = allocateReturns();
  readonly #removals: Removals;
  readonly #stopping = new SharedArrayBuffer(4);
  readonly #workers = new Map<number, Worker>();
  readonly #activated: boolean;
  #listening = -1;
  #lock: FileLock | undefined;
  /** Of the main thread, which takes links away for the others. */
  readonly #kernel = new LinuxKernel({});
  #traces: Traces | undefined;
  #control: Server | undefined;
  #broken: string | undefined;
  #lastFault = 0;

  constructor(options: DaemonOptions) {
    this.#options = options;
    const { LISTEN_PID: pid, LISTEN_FDS: count } = options.environment;
    this.#activated = pid === String(process.pid) && Number(count) >= 1;
    this.#turns = Turns.allocate(this.#size);
    this.#removals = Removals.allocate(this.#size);
    this.#seats = Seats.allocate(this.#size, Math.min(this.#size, seats));
  }

  /** Threads: a DEL mostly waits for the kernel, so there are more than take calls at a time. */
  get #size(): number {
    return this.#options.workers ?? Math.min(32, 3 * seats);
  }

  get #isStopping(): boolean {
    return Atomics.load(new Int32Array(this.#stopping), 0) === 1;
  }

  /** Throws AlreadyRunning, SystemError. */
  async start(): Promise<void> {
    const { daemon, socket, controlSocket } = this.#options.places;
    mkdirSync(daemon, { recursive: true, mode: 0o700 });
    chmodSync(daemon, 0o700);
    this.#lock = takeLock(join(daemon, 'lock'));
    for (const name of readdirSync(daemon))
      if (name.startsWith(practicePrefix)) rmSync(join(daemon, name), { recursive: true, force: true });
    if (this.#activated) this.#listening = SD_LISTEN_FDS_START;
    else {
      rmSync(socket, { force: true });
      this.#listening = listenAt(socket, backlog);
      chmodSync(socket, 0o600);
    }
    if (wantsTraces(this.#options.environment)) {
      const { Traces } = await import('./traces.ts');
      this.#traces = new Traces(this.#options.version);
    }
    void this.#removals.serve((indexes) => this.#kernel.host.removeLinks(indexes));
    // Those that practise sit down first.
    const threads = Array.from({ length: this.#size }, (_, index) => index);
    await Promise.all(threads.slice(0, seats).map((index) => this.#hire(index, true)));
    await Promise.all(threads.slice(seats).map((index) => this.#hire(index)));
    rmSync(controlSocket, { force: true });
    this.#control = createServer((request, response) => {
      const [status, type, text] = this.#tell(request.url ?? '');
      response.writeHead(status, { 'content-type': type }).end(text);
    });
    await new Promise<void>((resolve, reject) => this.#control?.once('error', reject).listen(controlSocket, resolve));
    chmodSync(controlSocket, 0o600);
    this.#notify('READY=1');
  }

  /** Calls that nobody has begun are left to the executables: they answer by themselves. */
  async stop(): Promise<void> {
    const { socket, controlSocket } = this.#options.places;
    this.#notify('STOPPING=1');
    Atomics.store(new Int32Array(this.#stopping), 0, 1);
    this.#seats.open();
    // Until every thread has seen it: each waits for somebody to connect.
    const gone = Promise.all(
      [...this.#workers.values()].map((worker) => new Promise((end) => worker.once('exit', end))),
    );
    const knock = setInterval(() => {
      for (const _ of this.#workers) this.#knock();
    }, 20);
    await gone;
    await this.#traces?.stop();
    this.#removals.end();
    this.#kernel.close();
    clearInterval(knock);
    closeSync(this.#listening);
    if (!this.#activated) rmSync(socket, { force: true });
    this.#control?.close();
    this.#control?.closeAllConnections();
    rmSync(controlSocket, { force: true });
    this.#lock?.[Symbol.dispose]();
  }

  /** Somebody who goes at once: who accepts it, looks up. */
  #knock(): void {
    const socket: Socket = connect(this.#options.places.socket, () => socket.destroy());
    socket.on('error', () => undefined);
  }

  #hire(index: number, practises = false): Promise<void> {
    const { places, version, engine, worker: file, log } = this.#options;
    const tally = Tally.allocate();
    this.#metrics.attach(index, tally);
    const workerData: WorkerStart = {
      ...{ tally, traces: this.#traces !== undefined },
      ...{ root: places.root, version, engine, index, practises },
      ...{ listening: this.#listening, turns: this.#turns.memory, seats: this.#seats.memory },
      ...{ returns: this.#returns, removals: this.#removals.memory, stopping: this.#stopping },
    };
    const worker = new Worker(file, {
      ...{ workerData, name: `calls ${index}`, trackUnmanagedFds: false },
      resourceLimits: { maxYoungGenerationSizeMb: youngGeneration },
    });
    this.#workers.set(index, worker);
    return new Promise((resolve, reject) => {
      worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'ready') resolve();
        else this.#hear(index, message);
      });
      worker.on('error', (error) => {
        log(`a thread has ended: ${error.message}`);
        reject(error);
      });
      worker.on('exit', () => {
        this.#workers.delete(index);
        this.#metrics.detach(index);
        this.#turns.end(index);
        this.#seats.leave(index);
        this.#after(() => void this.#hire(index).catch(() => undefined));
      });
    });
  }

  /** Not more than one a second: what ends a thread may end the next one as well. */
  #after(replace: () => void): void {
    if (this.#isStopping) return;
    const wait = Math.max(0, this.#lastFault + 1000 - Date.now());
    this.#lastFault = Date.now() + wait;
    setTimeout(() => {
      if (this.#isStopping) return;
      replace();
    }, wait);
  }

  #hear(thread: number, message: Exclude<WorkerMessage, { readonly kind: 'ready' }>): void {
    if (message.kind === 'series') this.#metrics.announce(thread, message.series);
    else if (message.kind === 'trace') this.#traces?.record(message.trace);
    else if (message.broken !== this.#broken) {
      this.#broken = message.broken;
      const { log } = this.#options;
      log(
        this.#broken === undefined
          ? 'policy and plugins were read'
          : `not in force, the one before is: ${this.#broken}`,
      );
      this.#notify(`STATUS=${this.#broken ?? 'ready'}`);
    }
  }

  #tell(path: string): [status: number, type: string, text: string] {
    if (path === '/metrics') {
      const type = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
      return [200, type, this.#metrics.format(this.#gauges())];
    }
    if (path === '/status') return [200, 'application/json', `${JSON.stringify(this.#status())}\n`];
    return [404, 'text/plain', 'there is /status and /metrics\n'];
  }

  #status(): DaemonStatus {
    return {
      version: this.#options.version,
      engine: this.#options.engine,
      pid: process.pid,
      upSeconds: Math.round((Date.now() - this.#started) / 1000),
      workers: this.#workers.size,
      calls: this.#metrics.total,
      waiting: waitingCallers(this.#listening),
      residentBytes: process.memoryUsage.rss(),
      ...(this.#broken === undefined ? {} : { broken: this.#broken }),
    };
  }

  #gauges(): readonly Gauge[] {
    const { workers, residentBytes, upSeconds, waiting } = this.#status();
    const ready = this.#broken === undefined ? 1 : 0;
    return [
      ...(waiting === undefined
        ? []
        : [{ name: 'bulkhead_queue_length', value: waiting, help: 'Calls that no thread has taken yet.' }]),
      { name: 'bulkhead_workers', value: workers, help: 'Threads that answer calls.' },
      {
        name: 'bulkhead_policy_in_force',
        value: ready,
        help: 'Whether policy and plugins are in force as they are on disk.',
      },
      { name: 'bulkhead_resident_bytes', value: residentBytes, unit: 'bytes', help: 'Memory of the daemon.' },
      { name: 'bulkhead_up_seconds', value: upSeconds, unit: 'seconds', help: 'Time since the daemon was started.' },
    ];
  }

  /** sd_notify(3). */
  #notify(state: string): void {
    const { NOTIFY_SOCKET: path } = this.#options.environment;
    if (path === undefined || path === '') return;
    try {
      sendDatagram(path, Buffer.from(state));
    } catch (error) {
      this.#options.log(`cannot tell the service manager: ${(error as Error).message}`);
    }
  }
}

/** What `bulkhead status` shows. */
export interface DaemonStatus {
  readonly version: string;
  readonly engine: string;
  readonly pid: number;
  readonly upSeconds: number;
  readonly workers: number;
  readonly calls: number;
  /** Calls that no thread has taken yet; undefined where the kernel does not tell (CONFIG_UNIX_DIAG). */
  readonly waiting: number | undefined;
  readonly residentBytes: number;
  /** Why policy and plugins as they are on disk are not in force. */
  readonly broken?: string;
}

function takeLock(path: string): FileLock {
  try {
    return lockFile(path, Deadline.in(0));
  } catch (error) {
    if (!(error instanceof LockTimeout)) throw error;
    throw new AlreadyRunning(`another daemon holds ${path}`, { cause: error });
  }
}
