// Runs a command as root under a kernel that has what the machine's may lack (VLANs, and bridges that filter them):
// `node scripts/vm.ts [--limit SECONDS] [--memory MIB] -- COMMAND [ARGUMENT …]`. The machine's files are seen inside and stay as they are.
// Ends with the command's status; 77 where no such kernel can be booted here, 124 at the time limit, 125 where the kernel broke down.
import { parseArgs } from 'node:util';
import { missingKernel, UserModeLinux } from './vm/user-mode-linux.ts';

const [usage, missing, timeLimit, broken] = [2, 77, 124, 125];
process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { limit: { type: 'string', default: '120' }, memory: { type: 'string', default: '2048' } },
    allowPositionals: true,
  });
  const [limit, memory] = [Number(values.limit), Number(values.memory)];
  if (positionals.length === 0 || !(limit > 0) || !(memory >= 64))
    return fail(usage, 'usage: node scripts/vm.ts [--limit SECONDS] [--memory MIB] -- COMMAND [ARGUMENT …]');
  const reason = missingKernel();
  if (reason !== undefined) return fail(missing, `no kernel to boot: ${reason}`);

  using kernel = new UserModeLinux({ command: positionals, directory: process.cwd(), limit, memory }, process);
  process.on('exit', () => kernel.end());
  for (const [signal, number] of [['SIGINT', 2] as const, ['SIGTERM', 15] as const, ['SIGHUP', 1] as const])
    process.on(signal, () => process.exit(128 + number));
  for (const output of [process.stdout, process.stderr]) output.on('error', () => process.exit(128 + 13));
  const ended = await kernel.ended;
  switch (ended.kind) {
    case 'status':
      return ended.status;
    case 'time-limit':
      return fail(timeLimit, `not done within ${limit} s`);
    case 'not-booted':
      return fail(missing, `the kernel does not boot here: ${reasonIn(ended.console)}`);
    case 'broken':
      return fail(broken, `the kernel broke down:\n${ended.console}`);
  }
}

function fail(status: number, words: string): number {
  console.error(`vm: ${words}`);
  return status;
}

/** Why the kernel stopped, or else its last words. */
function reasonIn(console: string): string {
  const lines = console.trimEnd().split('\n');
  return (lines.find((line) => line.includes('Kernel panic')) ?? lines.at(-1) ?? '').trim();
}
