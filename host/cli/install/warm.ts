import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { compileCommand, snapshotCommand } from '../one-shot-command.ts';

/**
 * Makes what a call starts from, by the release's own Node: the snapshot, then the code of the host, which is only valid under that. Calls
 * write neither. Throws UsageError where that Node does not do it.
 */
export function warmOneShot(release: string): void {
  const places = { node: join(release, 'node'), boot: join(release, 'boot.blob') };
  const script = join(release, 'boot.cjs');
  const configuration = join(release, 'boot.json');
  // The code of Node's own modules would be most of it, and be read by each call; those that are needed are in the snapshot.
  writeFileSync(configuration, JSON.stringify({ builder: script, withoutCodeCache: true }));
  run(snapshotCommand(places, configuration));
  run(compileCommand(places));
  for (const file of [script, configuration]) rmSync(file);
}

/** Loads what the daemon and its threads share, which fills the directory for compiled code that the daemon uses. */
export function warmDaemon(release: string): void {
  const shared = readdirSync(release).filter((name) => /^host-.*\.mjs$/.test(name));
  const script = `
    import { enableCompileCache } from 'node:module';
    enableCompileCache({ directory: ${JSON.stringify(join(release, 'compile-cache'))}, portable: true });
    for (const name of ${JSON.stringify(shared)}) await import(${JSON.stringify(`${release}/`)} + name);
  `;
  run([join(release, 'node'), '--input-type=module', '--eval', script]);
}

function run([program, ...args]: readonly [string, ...string[]]): void {
  const { status, stderr, error } = spawnSync(program, args, { env: {}, encoding: 'utf8' });
  if (status === 0) return;
  throw new UsageError(`the installed host does not start: ${stderr || error?.message || `exit ${status}`}`);
}
