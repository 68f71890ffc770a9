import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/skipped.ts',
    // Most of the time is waiting for real processes; more of them at once would starve their starts on two cores.
    maxWorkers: 2,
    maxConcurrency: 5,
    // Hundreds of real services are started: each would compile the same modules again.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
