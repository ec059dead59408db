import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'guests/*/test/*.test.ts', 'guests/sdk/generator/**/*.test.ts'],
    // Each file gets a process of its own: tests of the real kernel change the network namespace of their thread.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
