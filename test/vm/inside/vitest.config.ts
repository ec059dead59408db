import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * What runs under the kernel that scripts/vm.ts boots: whatever has VLANs in its name, of the tests that are for that kernel alone and of
 * others. It has one processor, on which a process takes a tenth of a second to start, and much more with all of Vite: so all in one
 * process, and without.
 */
export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  test: {
    include: ['test/vm/inside/*.vm.ts', 'test/kernel/linux-contract.test.ts', 'test/fault/undo.test.ts'],
    testNamePattern: /VLAN/,
    pool: 'forks',
    maxWorkers: 1,
    isolate: false,
    experimental: { viteModuleRunner: false },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
