import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOnMachine } from './demo/machine.ts';
import { runOnModel } from './demo/model.ts';

const here = dirname(fileURLToPath(import.meta.url));
const isRoot = process.getuid?.() === 0;

/** A user namespace where there is no root; in any case network and mounts of one's own, so that the machine's stay as they are. */
const unshare = [
  'unshare',
  ...(isRoot ? [] : ['--user', '--map-root-user']),
  '--net',
  '--mount',
  '--propagation',
  'private',
];

switch (process.argv[2]) {
  case undefined:
    await start();
    break;
  case 'inside':
    await runOnMachine();
    break;
  case 'model':
    await runOnModel();
    break;
  default:
    console.error(`demo: unknown mode ${process.argv[2]}`);
    process.exitCode = 2;
}

async function start(): Promise<void> {
  const reason = whyNotOnMachine();
  if (reason === undefined) {
    run([...unshare, process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), 'inside'], 'inherit');
    return;
  }
  console.log(`The kernel of this machine cannot be used here (${reason}): the demo runs on a kernel in memory.`);
  await runOnModel();
}

/** Tries what the demo needs, in a namespace that is gone afterwards. */
function whyNotOnMachine(): string | undefined {
  const probe = run([...unshare, process.execPath, ...process.execArgv, join(here, 'demo/probe.ts')], 'pipe');
  if (probe.status === 0) return undefined;
  const words = `${probe.error?.message ?? ''}${probe.stderr ?? ''}`.trim().split('\n');
  return words.at(-1) || `exit status ${probe.status}`;
}

function run([file = '', ...args]: readonly string[], stdio: 'inherit' | 'pipe') {
  const result = spawnSync(file, args, { stdio, encoding: 'utf8' });
  if (stdio === 'inherit') process.exitCode = result.status ?? 1;
  return result;
}
