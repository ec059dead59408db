import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Seconds. */
const [boot, suite] = [60, 240];
const patient = { timeout: (boot + 10) * 1000 };

/** Runs the command as one types it. */
async function vm(limit: number, ...command: string[]) {
  const args = [pathOf('../../scripts/vm.ts'), '--limit', `${limit}`, '--', ...command];
  const child = spawn(process.execPath, args, { cwd: pathOf('../..'), stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { status, stdout, stderr, left: processesOf(child.pid) };
}

/** What a run has left running. */
function processesOf(pid: number | undefined): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(`umid=bulkhead-vm-${pid}\0`));
}

const tried = await vm(boot, 'true');
const reason = tried.status === 77 ? tried.stderr.trim() : undefined;

describe.skipIf(reason !== undefined)(`under a kernel of its own${reason === undefined ? '' : ` (${reason})`}`, () => {
  test('a command runs as root on the files of the machine, which stay as they are', patient, async () => {
    const command = `id -u; head -1 package.json; touch only-inside; ls only-inside; echo "it's" >&2; exit 7`;
    const ended = await vm(boot, 'sh', '-c', command);
    expect(ended).toEqual({ status: 7, stdout: '0\n{\nonly-inside\n', stderr: "it's\n", left: [] });
    expect(readdirSync(pathOf('../..'))).not.toContain('only-inside');
  });

  test('a command that does not end is ended', patient, async () => {
    const ended = await vm(6, 'sleep', '1000');
    expect(ended).toEqual({ status: 124, stdout: '', stderr: 'vm: not done within 6 s\n', left: [] });
  });

  test('what a kernel that breaks down said is told', patient, async () => {
    const ended = await vm(boot, 'sh', '-c', 'echo c > /proc/sysrq-trigger');
    expect(ended).toMatchObject({ status: 125, stderr: expect.stringContaining('Kernel panic'), left: [] });
  });

  test('all that has to do with VLANs holds', { timeout: (suite + 10) * 1000 }, async () => {
    const reference = `BULKHEAD_REFERENCE=${process.env.BULKHEAD_REFERENCE ?? ''}`;
    const run =
      'vitest run --config "$0" --reporter=json --outputFile=/run/report.json >&2; s=$?; cat /run/report.json; exit $s';
    const command = ['env', reference, 'sh', '-c', run, pathOf('inside/vitest.config.ts')];
    const { status, stdout, stderr } = await vm(suite, ...command);
    const report = parse(stdout) ?? expect.fail(`no report, status ${status}: ${stderr}`);
    expect(report.flatMap(failuresOf)).toEqual([]);
    expect(status, stderr).toBe(0);
    // Nothing was left out: something ran of each file, and everything of those that are for this kernel.
    expect(report.length).toBeGreaterThan(6);
    for (const { name, tests } of report) {
      const statuses = tests.map((one) => one.status);
      expect(statuses, name).toContain('passed');
      const leftOut = tests.filter(({ status, fullName }) => status !== 'passed' && !fullName.includes('VLAN'));
      if (name.endsWith('.vm.ts')) expect(leftOut.map(({ fullName }) => fullName)).toEqual([]);
    }
  });
});

interface TestFile {
  readonly name: string;
  /** What is wrong with the file itself, such as its hooks. */
  readonly message: string;
  readonly tests: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly failureMessages: readonly string[];
  }[];
}

function failuresOf({ name, message, tests }: TestFile): string[] {
  const failed = tests.filter(({ status }) => status === 'failed');
  const texts = failed.map(({ fullName, failureMessages }) => [fullName, ...failureMessages].join('\n'));
  const all = message === '' ? texts : [`${name}: ${message}`, ...texts];
  return all.map((one) => one.replaceAll(/\n.*node_modules.*/g, ''));
}

/** Of vitest's report; undefined where there is none. */
function parse(stdout: string): readonly TestFile[] | undefined {
  try {
    const { testResults } = JSON.parse(stdout) as {
      readonly testResults: readonly (TestFile & { readonly assertionResults: TestFile['tests'] })[];
    };
    return testResults.map(({ name, message, assertionResults }) => ({ name, message, tests: assertionResults }));
  } catch {
    return undefined;
  }
}
