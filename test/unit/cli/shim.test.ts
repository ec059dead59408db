import { expect, test } from 'vitest';
import { launcherMark } from '../../../host/cli/install/launcher.ts';
import { configureShim } from '../../../host/cli/install/shim.ts';

const magic = 'BULKHEAD-SHIM-CONFIG-1\0';
const built = Buffer.concat([Buffer.from('code'), Buffer.from(magic.padEnd(8192, '\0')), Buffer.from('more')]);
const plan = {
  ...{ type: 'bridge', socket: '/run/s.sock', failure: `${launcherMark} it` },
  command: ['/usr/bin/node', 'main.mjs'] as [string, ...string[]],
};

test('a shim has its configuration where the executable has room for it, and nothing else of it changes', () => {
  const configured = Buffer.from(configureShim(built, plan));
  expect(configured.length).toBe(built.length);
  expect(configured.toString('latin1', 4 + magic.length, 4 + magic.length + 80)).toBe(
    `\x05\0bridge\0/run/s.sock\0${launcherMark} it\0/usr/bin/node\0main.mjs\0`.padEnd(80, '\0'),
  );
  expect(configured.subarray(-4).toString()).toBe('more');
});

test('what does not fit, or is no shim, is refused', () => {
  expect(() => configureShim(Buffer.from('code'), plan)).toThrow(TypeError);
  expect(() => configureShim(Buffer.concat([built, built]), plan)).toThrow(TypeError);
  expect(() => configureShim(built, { ...plan, socket: 'x'.repeat(9000) })).toThrow(RangeError);
  expect(() => configureShim(built, { ...plan, type: 'a\0b' })).toThrow(RangeError);
  expect(() => configureShim(built, { ...plan, failure: 'no mark' })).toThrow(RangeError);
});
