import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Answer, faults, type Planted } from './faults.ts';

// A planted plugin: `node plant.ts FAULT STATE TYPE`. It is the real plugin but for one thing, which the fault says.
const [name = '', state = '', type = ''] = process.argv.slice(2);
const real = readFileSync(join(state, 'real'), 'utf8');
const { CNI_COMMAND: verb = '' } = process.env;

// The end of stdin is what an honest plugin does not wait for at VERSION.
const fault = faults.find((one) => one.name === name);
const text = verb === 'VERSION' && !fault?.waitsForEnd ? '' : readFileSync(0, 'utf8');

const call: Planted = {
  verb,
  text,
  environment: process.env,
  configuration: parse(text) ?? {},
  real(changes = {}) {
    const env = { ...process.env, ...changes.environment };
    const input = changes.configuration === undefined ? text : JSON.stringify(changes.configuration);
    const { status, stdout } = spawnSync(join(real, type), { env, input, encoding: 'utf8' });
    return { status: status ?? 1, stdout };
  },
  shell: (command) => void spawnSync('sh', ['-c', command], { stdio: 'ignore' }),
  isFirst(key) {
    const file = join(state, key);
    const first = !existsSync(file);
    writeFileSync(file, '');
    return first;
  },
};

const { status, stdout }: Answer = (await fault?.plugin(call)) ?? call.real();
process.stdout.write(stdout);
process.exitCode = status;

function parse(json: string): Planted['configuration'] | undefined {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
