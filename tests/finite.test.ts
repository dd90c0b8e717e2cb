import { expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { firstNonFinite, scope } from '../src/engine/index.ts'
import { gpuTest } from './harness.ts'

const ran = (fn: () => void): Promise<string | undefined> =>
  firstNonFinite(() =>
    scope(() => {
      fn() // and nothing of it is kept
    }),
  )

gpuTest('the first op that writes a NaN or an infinity is named', async () => {
  const x = G.full([5, 7], -2)
  expect(await ran(() => G.sum(G.exp(x)))).toBeUndefined()
  expect(await ran(() => G.mean(G.add(G.sqrt(G.mul(x, 1)), 1)))).toBe('sqrt')
  expect(await ran(() => G.matmul(G.mul(G.mul(x, 3e38), 3e38), x, { transposeB: true }))).toBe('mul')
  x.dispose()
})
