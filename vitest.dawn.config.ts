import { defineConfig } from 'vitest/config'

/** The GPU tests of vite.config.ts, under Node on Dawn: `npm run test:node`. */
export default defineConfig({
  test: {
    name: 'dawn',
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/node/**', 'tests/ref/**', 'tests/fixtures/**', 'tests/torch/**'],
    setupFiles: ['tests/setupDawn.ts'],
    testTimeout: 300_000, // llvmpipe compiles a large kernel for seconds, on a busy machine for many
    // One process for all files: they share one device.
    pool: 'forks',
    fileParallelism: false,
    isolate: false,
  },
})
