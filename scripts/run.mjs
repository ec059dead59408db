// Entry of the npm scripts. Runs on whatever Node there is (20 or newer), before anything is installed: so plain JavaScript, no packages.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(project, 'node_modules/.bin');
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };

/** Once per machine, where there is cargo. */
const native = ['scripts/build-native.ts', '--optional'];
const nativeForTest = [...native, '--bench'];
/** Without it, nothing is measured. */
const nativeForBench = ['scripts/build-native.ts', '--bench'];
const setUps = [native, nativeForTest, nativeForBench];
/** What each script runs after the set-up. The demo is not kept waiting for what it does not need. */
const commands = {
  bench: [nativeForBench, ['bench/main.ts']],
  build: [],
  'build:native': [['scripts/build-native.ts']],
  demo: [['scripts/demo.ts'], native],
  test: [nativeForTest, ['scripts/test.ts']],
  check: [['scripts/test.ts', '--checks-only']],
};

const [script = '', ...args] = process.argv.slice(2);
const command = commands[script];
/** Standard output is the result's, where programs read that. */
const outputOfSetUp = script === 'bench' ? 2 : 'inherit';
if (command === undefined) {
  console.error(`run.mjs: unknown script ${script}`);
  process.exitCode = 2;
} else {
  process.exitCode = installPackages() || runNode(['scripts/build.ts']) || runEach(command);
}

/** `npm ci`, unless that was done for this very lock file. */
function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(project, 'package-lock.json')))
    .digest('hex');
  const wanted = `${lock} ${process.arch}`;
  const stamp = join(project, 'node_modules/.bulkhead-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return 0;
  console.error('bulkhead: installing packages (npm ci), which takes about half a minute');
  const status = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (status !== 0) return status;
  if (!existsSync(join(bin, 'node'))) {
    console.error(
      `bulkhead: there is no Node for ${process.platform} ${process.arch} among the packages: only Linux on x64 and arm64 is supported`,
    );
    return 1;
  }
  writeFileSync(stamp, wanted);
  return 0;
}

/** Arguments are for what the script is about, not for what is built besides. */
function runEach(steps) {
  for (const step of steps) {
    const status = setUps.includes(step) ? runNode(step) : runNode([...step, ...args], 'inherit');
    if (status !== 0) return status;
  }
  return 0;
}

/** Runs TypeScript with the Node that the project brings. */
function runNode(rest, output = outputOfSetUp) {
  return run(join(bin, 'node'), ['--disable-warning=ExperimentalWarning', ...rest], output);
}

function run(file, rest, output = outputOfSetUp) {
  const stdio = ['inherit', output, 'inherit'];
  const { status, error, signal } = spawnSync(file, rest, { cwd: project, env, stdio });
  if (error) console.error(`bulkhead: cannot run ${file}: ${error.message}`);
  if (signal) console.error(`bulkhead: ${file} was ended by ${signal}`);
  return status ?? 1;
}
