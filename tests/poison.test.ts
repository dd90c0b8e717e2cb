/** That the tests would notice a result that is not written, and what a buffer held before. */
import { expect } from 'vitest'
import { run } from '../src/engine/gpu/kernel.ts'
import * as G from '../src/engine/index.ts'
import { gpu, type Tensor } from '../src/engine/index.ts'
import { empty } from '../src/engine/tensor/tensor.ts'
import { gpuTest, valuesOf } from './harness.ts'

const NOTHING = [Number.NaN, Number.NaN, Number.NaN]

gpuTest('a fresh buffer holds NaN', async () => {
  gpu().trim()
  expect([...(await valuesOf(() => empty([3])))]).toEqual(NOTHING)
})

gpuTest('a buffer that was given back holds NaN', async () => {
  gpu().trim()
  const x = G.ones([3])
  const { buffer } = x.storageOf('test')
  x.dispose()
  const y = empty([3])
  expect(y.storageOf('test').buffer).toBe(buffer)
  expect([...(await y.data())]).toEqual(NOTHING)
  y.dispose()
})

gpuTest('NaN comes after the work that was given the buffer before', async () => {
  const x = G.ones([3])
  const y = G.add(x, 1)
  x.dispose()
  expect([...(await y.data())]).toEqual([2, 2, 2])
  y.dispose()
})

gpuTest('what a kernel leaves out is seen', async () => {
  const half = (): Tensor => {
    const y = empty([8])
    run('pointwise', {
      defines: { T: 'f32', RANK: 1, SINGLE: true, EXPR: 'a' },
      buffers: { y },
      params: { n: 4, a: 7, b: 0, c: 0, p: 0, q: 0 },
      threads: 4,
    })
    return y
  }
  expect([...(await valuesOf(half))]).toEqual([7, 7, 7, 7, ...NOTHING, Number.NaN])
})
