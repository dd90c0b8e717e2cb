// `npm run test:node`: the GPU tests under Node on Dawn, by any adapter that is not a browser's. Without a GPU that is
// Mesa's llvmpipe where it is installed: another implementation than Chrome's SwiftShader, with subgroups of 8.
import { spawnSync } from 'node:child_process'
import { installDawn } from './dawn.ts'

const VITEST = 'node_modules/vitest/vitest.mjs'

/** `argv` goes to vitest (a filter of file names, `-t NAME`); GANVAS_ADAPTER names the adapter. */
export async function main(argv: string[]): Promise<number> {
  installDawn()
  const { status } = spawnSync(
    process.execPath,
    [VITEST, 'run', '--config', 'vitest.dawn.config.ts', ...argv],
    {
      stdio: 'inherit',
      // llvmpipe's optimiser takes several times as long as the tests run; other drivers do not know the variable.
      env: { GALLIVM_PERF: 'nopt', ...process.env },
    },
  )
  return status ?? 1
}
