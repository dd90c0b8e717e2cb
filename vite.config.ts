import { defineConfig } from 'vitest/config'
import { digitsPlugin } from './scripts/digitsPlugin.ts'
import { ownPageOnly, privateServer } from './scripts/ownPage.ts'
import { policyPlugin } from './scripts/policyPlugin.ts'
import { puppeteerProvider } from './scripts/puppeteerProvider.ts'
import { wgslPlugin } from './scripts/wgslPlugin.ts'

/** Tests without a GPU, in Node. */
const node = {
  test: {
    name: 'node',
    include: ['tests/node/**/*.test.ts'],
    css: true, // vitest would empty the report's style, which is imported as text
    // wgsl_reflect's "main" is CommonJS inside a "type": "module" package, which Node cannot load.
    server: { deps: { inline: ['wgsl_reflect'] } },
  },
}

/** Tests of everything that runs on the GPU, in headless Chrome. */
const gpu = {
  test: {
    name: 'chrome', // `--project gpu` goes by the name of the instance below, which must differ from this one
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/node/**', 'tests/ref/**', 'tests/fixtures/**', 'tests/torch/**'],
    setupFiles: ['tests/setup.ts'],
    testTimeout: 60_000, // compiling and running on a software adapter takes its time
    // One page and one iframe for all files: they share one GPU anyway, and it is over twice as fast.
    fileParallelism: false,
    isolate: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: puppeteerProvider({ hangMs: 120_000 }),
      instances: [{ browser: 'chrome' as const, name: 'gpu' }],
    },
  },
}

export default defineConfig({
  base: './', // the built page works from any folder of any server
  server: privateServer(['index.html', 'src']),
  plugins: [ownPageOnly(), digitsPlugin(), wgslPlugin(), policyPlugin()],
  worker: { format: 'es' },
  test: { projects: [node, gpu] },
})
