import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { built } from '../../host/cli/project.ts';
import type { DaemonStatus } from '../../host/daemon/daemon.ts';
import { Machine, missing } from './installation.ts';

export const missingShim = missing ?? (existsSync(built.shim) ? undefined : 'native/shim was not built');

/** A machine with a daemon in its network namespace. */
export class ServedMachine extends Machine {
  #daemon: ChildProcess | undefined;
  #said = '';

  async serve(engine?: string, env: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
    const launcher = join(this.root, 'usr/lib/bulkhead/daemon');
    const release = this.release;
    const command =
      engine === undefined ? [launcher] : [join(release, 'node'), join(release, 'daemon.mjs'), this.root, engine];
    const daemon = spawn('/usr/bin/nsenter', [`--net=${this.host.path}`, ...command], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#daemon = daemon;
    this.#said = '';
    daemon.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    await vi.waitFor(() => expect(this.#said).toContain('serving at'), { timeout: 20_000 });
    return daemon;
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const daemon = this.#daemon;
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return null;
    const ended = new Promise<number | null>((resolve) => daemon.once('exit', resolve));
    daemon.kill(signal);
    return ended;
  }

  async status(): Promise<DaemonStatus> {
    return JSON.parse(await this.ask('/status')) as DaemonStatus;
  }

  ask(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socketPath = join(this.root, 'run/bulkhead/daemon/control.sock');
      const asked = request({ socketPath, path }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
      });
      asked.on('error', reject).end();
    });
  }
}
