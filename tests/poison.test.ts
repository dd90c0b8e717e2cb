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
    run('random', {
      defines: { UNIFORM: true, T: 'vec4f', BITS: 'vec4i' },
      buffers: { y },
      params: { n: 1, seed: 0, blockLow: 0, blockHigh: 0, low: 2, range: 1, last: 3 },
      threads: 1,
    })
    return y
  }
  const values = [...(await valuesOf(half))]
  expect(values.slice(0, 4).every((value) => value >= 2 && value <= 3)).toBe(true)
  expect(values.slice(4)).toEqual([...NOTHING, Number.NaN])
})
