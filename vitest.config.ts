import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { 'bulkhead/testing': fileURLToPath(new URL('host/testing/testing.ts', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts', 'guests/*/test/*.test.ts', 'guests/sdk/generator/**/*.test.ts'],
    // Each file gets a process of its own: tests of the real kernel change the network namespace of their thread.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
