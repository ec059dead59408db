import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildLauncher, type LauncherArchitecture, machineCodeOf } from '../../../host/cli/install/launcher.ts';

const project = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const architecture: LauncherArchitecture = process.arch === 'arm64' ? 'arm64' : 'x64';
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-launcher-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const keep = ['CNI_', 'TRACEPARENT='];
function launcher(name: string, command: readonly [string, ...string[]]): string {
  const path = join(directory, name);
  writeFileSync(path, buildLauncher({ architecture, command, keep, failure: '{"code": 999}' }), { mode: 0o755 });
  return path;
}
/** A program that prints its arguments and environment. */
const show = [process.execPath, '-e', 'console.log(JSON.stringify([process.argv.slice(1), process.env]))'] as const;

describe('a launcher', () => {
  test('executes its command with the variables of a call, and no others', () => {
    const env = {
      CNI_COMMAND: 'ADD',
      CNI_EMPTY: '',
      CNI: 'x',
      TRACEPARENT: '00-1-2-03',
      TRACEPARENTX: 'x',
      PATH: '/evil',
      NODE_OPTIONS: '--require /evil.js',
      LD_LIBRARY_PATH: '/evil',
      HOME: '/evil',
    };
    const { stdout } = spawnSync(launcher('show', [...show, 'one', 'two words']), ['ignored'], {
      env,
      encoding: 'utf8',
    });
    expect(JSON.parse(stdout)).toEqual([
      ['one', 'two words'],
      { CNI_COMMAND: 'ADD', CNI_EMPTY: '', TRACEPARENT: '00-1-2-03' },
    ]);
  });

  test('works with an empty environment', () => {
    const { stdout } = spawnSync(launcher('empty', show), { env: {}, encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual([[], {}]);
  });

  test('loads nothing that LD_PRELOAD names', () => {
    const path = launcher('preload', ['/bin/true']);
    const { stderr, status } = spawnSync(path, { env: { LD_PRELOAD: '/nonexistent/evil.so' }, encoding: 'utf8' });
    expect([stderr, status]).toEqual(['', 0]);
  });

  test('gives an error object and exit status 1 where the program is missing', () => {
    const { stdout, status } = spawnSync(launcher('missing', ['/nonexistent']), { env: {}, encoding: 'utf8' });
    expect([stdout, status]).toEqual(['{"code": 999}', 1]);
  });

  test('is a thousand bytes', () => {
    expect(readFileSync(launcher('size', show)).length).toBeLessThan(1024);
  });
});

describe('the machine code', () => {
  const tools = {
    x64: ['as', 'objcopy', 'x86_64.s'],
    arm64: ['aarch64-linux-gnu-as', 'aarch64-linux-gnu-objcopy', 'aarch64.s'],
  } as const;

  test.for(['x64', 'arm64'] as const)('for %s is what its source assembles to', (target, { skip }) => {
    const [as, objcopy, source] = tools[target];
    const assembles = !(as === 'as' && process.arch !== 'x64') && spawnSync(as, ['--version']).status === 0;
    if (!assembles) skip(`no assembler for ${target}`);
    const [object, binary] = [join(directory, `${target}.o`), join(directory, `${target}.bin`)];
    execFileSync(as, ['-o', object, join(project, 'native/launcher', source)]);
    execFileSync(objcopy, ['-O', 'binary', '-j', '.text', object, binary]);
    expect(Buffer.from(machineCodeOf(target))).toEqual(readFileSync(binary));
  });
});
