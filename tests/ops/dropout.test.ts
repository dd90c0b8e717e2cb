import { expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { evaluate, gpuTest } from '../harness.ts'

gpuTest('zeroes a share p, scales the rest, and the gradient alike', async () => {
  const [y, dx] = await evaluate(() => {
    G.seed(1)
    const x = G.ones([4000], { requiresGrad: true })
    const y = G.dropout(x, { p: 0.25 })
    return [y, ...G.grad(y, [x])]
  })
  expect(new Set(y.data)).toEqual(new Set([0, Math.fround(1 / 0.75)]))
  // four standard deviations of a binomial share
  expect(Math.abs(y.data.filter((v) => v === 0).length / 4000 - 0.25)).toBeLessThan(
    4 * Math.sqrt((0.25 * 0.75) / 4000),
  )
  expect(dx.data).toEqual(y.data)
})

gpuTest('p = 0 is the identity', () => {
  G.scope(() => {
    const x = G.ones([3])
    expect(G.dropout(x, { p: 0 })).toBe(x)
  })
})
