import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WarmTrust } from '../../../host/daemon/warm-trust.ts';
import { defaultPolicyFile } from '../../../host/policy/read.ts';
import { establishTrust } from '../../../host/trust/establish.ts';
import { indexFile, PluginFiles } from '../../../host/trust/plugin-files.ts';

test('the types of plugins are those of the last refresh', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-warm-trust-'));
  const provide = (...types: readonly string[]) => {
    const plugins = Object.fromEntries(types.map((type) => [type, { file: `${type}.wasm`, digest: '' }]));
    writeFileSync(join(directory, indexFile), JSON.stringify({ plugins }));
  };
  try {
    provide('bridge');
    const files = new PluginFiles(directory);
    const establish = async () => establishTrust(defaultPolicyFile, files);
    const trust = new WarmTrust({ files, read: () => undefined, establish });
    expect(await trust.refresh()).toBe(true);
    expect(trust.types).toEqual(['bridge']);
    provide('bridge', 'static');
    expect(trust.types).toEqual(['bridge']);
    expect(await trust.refresh()).toBe(true);
    expect(trust.types).toEqual(['bridge', 'static']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
