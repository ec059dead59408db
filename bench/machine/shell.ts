import { spawnSync } from 'node:child_process';

/** Runs a program. Returns what it printed; throws with what it said where it fails. */
export function run(program: string, args: readonly string[], { input }: { readonly input?: string } = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...(input === undefined ? {} : { input }),
  });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? (stderr.trim() || `exit status ${status}`)}`);
}

/** The same in a network namespace. */
export function runIn(namespace: string, program: string, args: readonly string[], input?: string): string {
  const whole = [`--net=${namespace}`, program, ...args];
  return run('nsenter', whole, input === undefined ? {} : { input });
}
