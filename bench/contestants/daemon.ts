import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineName } from '../../host/cli/engines.ts';
import type { Layout } from '../../host/cli/layout.ts';
import { systemCall } from '../../host/system/libc.ts';

/** A daemon of an installation, on a node. It is killed with this process. */
export async function startDaemon(layout: Layout, engine: EngineName, node: string): Promise<number> {
  const command = [layout.node, layout.daemonMain, layout.root, engine];
  const daemon = spawn('nsenter', [`--net=${node}`, ...command], { env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
  await serving(daemon, engine);
  return daemon.pid as number;
}

function serving(daemon: ChildProcess, engine: EngineName): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    daemon.once('error', reject);
    daemon.once('exit', (status) => reject(new Error(`the daemon with ${engine} has ended (${status}): ${said}`)));
    daemon.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('serving at')) resolve();
    });
  });
}

/** Nanoseconds that a process has run on a processor, in all threads that it has or had. Throws SystemError. */
export function cpuNanosecondsOf(pid: number): number {
  const time = Buffer.alloc(16);
  systemCall('clock_gettime', cpuClockOf(pid), time);
  return Number(time.readBigInt64LE(0)) * 1e9 + Number(time.readBigInt64LE(8));
}

/** clock_getcpuclockid(3): CPUCLOCK_SCHED of linux/posix-timers.h. */
function cpuClockOf(pid: number): number {
  return (~pid << 3) | 2;
}

/** Bytes that a process has in memory; what it shares with others counts by its share. */
export function memoryOf(pid: number): number {
  const rollup = readFileSync(join('/proc', `${pid}`, 'smaps_rollup'), 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) * 1024;
}

/** Bytes that it had in memory at most, since `forgetPeak`. */
export function peakOf(pid: number): number {
  const status = readFileSync(join('/proc', `${pid}`, 'status'), 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

/** proc_pid_clear_refs(5): the most that it had is what it has now. */
export function forgetPeak(pid: number): void {
  writeFileSync(join('/proc', `${pid}`, 'clear_refs'), '5');
}
