import { gzipSync } from 'node:zlib'
import { build, type Rollup } from 'vite'
import { expect, test } from 'vitest'
import { wgslPlugin } from '../../scripts/wgslPlugin.ts'

test('what a page downloads for the engine and its shaders is at most 52 KB', async () => {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    plugins: [wgslPlugin()],
    build: {
      write: false,
      modulePreload: false,
      rollupOptions: { input: 'src/engine/index.ts', preserveEntrySignatures: 'strict' },
    },
  })) as Rollup.RollupOutput
  const code = built.output.flatMap((chunk) => (chunk.type === 'chunk' ? [chunk.code] : [])).join('')
  expect(code).toContain('@compute')
  const bytes = gzipSync(code, { level: 9 }).length
  console.log(`the engine and its shaders: ${(bytes / 1000).toFixed(1)} KB gzipped`)
  // 44 KB before what is asked was checked and named: options, shared parameters, stale captures, lost devices.
  expect(bytes).toBeLessThan(52_000)
}, 60_000)
