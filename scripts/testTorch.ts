// `npm run test:torch`: every family against its PyTorch twin. Apart from `npm test`, which needs no PyTorch.
import { spawnSync } from 'node:child_process'

const VITEST = 'node_modules/vitest/vitest.mjs'

/** `argv` goes to vitest (`-t NAME`); GANVAS_PYTHON names the Python. Throws an Error when that has no PyTorch. */
export async function main(argv: string[]): Promise<number> {
  const { GANVAS_PYTHON: python = '/usr/bin/python3' } = process.env
  if (spawnSync(python, ['-c', 'import numpy, torch']).status !== 0)
    throw new Error(
      `${python} has no PyTorch: apt-get install python3-torch, or name another Python by GANVAS_PYTHON`,
    )
  const { status } = spawnSync(
    process.execPath,
    [VITEST, 'run', '--config', 'vitest.torch.config.ts', ...argv],
    { stdio: 'inherit' },
  )
  return status ?? 1
}
