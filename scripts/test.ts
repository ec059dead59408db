import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectDirectory } from '../host/cli/project.ts';

/** What is checked besides the tests, each counted as one. */
const checks = [
  { name: 'types', command: ['tsc', '--noEmit', '-p', '.'] },
  { name: 'format and lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'unused code and dependencies', command: ['knip', '--no-progress'] },
] as const;

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const given = process.argv.slice(2);
const counts = [...checks.map(check), ...(given.includes('--checks-only') ? [] : [tests(given)])];
const sum = (key: keyof Counts) => counts.reduce((total, one) => total + one[key], 0);
const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;

function check({ name, command: [program, ...args] }: (typeof checks)[number]): Counts {
  process.stdout.write(`check: ${name} … `);
  const bin = join(projectDirectory, 'node_modules/.bin', program);
  const { status, stdout, stderr } = spawnSync(bin, args, { cwd: projectDirectory, encoding: 'utf8' });
  const passes = status === 0;
  console.log(passes ? 'passed' : `failed\n${stdout}${stderr}`);
  return { passed: passes ? 1 : 0, failed: passes ? 0 : 1, skipped: 0 };
}

/** Runs vitest, which prints what it does, and counts from its report. A report that is missing is a failure. */
function tests(args: readonly string[]): Counts {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-test-'));
  const report = join(directory, 'report.json');
  try {
    const { status } = spawnSync(
      join(projectDirectory, 'node_modules/.bin/vitest'),
      ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
      { cwd: projectDirectory, stdio: 'inherit' },
    );
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites } = JSON.parse(
      readFileSync(report, 'utf8'),
    ) as Record<string, number | undefined>;
    const failed = numFailedTests || (status === 0 ? 0 : Math.max(1, numFailedTestSuites ?? 0));
    return { passed: numPassedTests ?? 0, failed, skipped: (numPendingTests ?? 0) + (numTodoTests ?? 0) };
  } catch (error) {
    console.error(`no test report: ${(error as Error).message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
