import { describe, expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { randomWords } from '../src/engine/tensor/random.ts'
import { gpuTest, valuesOf } from './harness.ts'
import { ksNormal, ksUniform, moments, philox4x32_10 } from './ref/index.ts'

const words = async (size: number) => new Uint32Array((await valuesOf(() => randomWords([size]))).buffer)
const seeded = (n: number, draw: () => G.Tensor) =>
  valuesOf(() => {
    G.seed(n)
    return draw()
  })

describe('the generator', () => {
  for (const [seed, block] of [
    [0, 0],
    [1, 0],
    [0xdeadbeef, 12345],
    [7, 2 ** 32 - 2], // the counter carries inside the draw
    [7, 3 * 2 ** 32 - 1],
  ])
    gpuTest(`is Philox bit for bit: seed ${seed}, block ${block}`, async () => {
      G.setRandomState({ seed, block })
      const expected = [0, 1, 2, 3].flatMap((i) =>
        philox4x32_10([(block + i) % 2 ** 32, Math.floor((block + i) / 2 ** 32), 0, 0], [seed, 0]),
      )
      expect([...(await words(15))]).toEqual(expected.slice(0, 15))
    })

  gpuTest('gives the same bits for the same seed, others for another', async () => {
    for (const draw of [
      () => G.randn([1001]),
      () => G.uniform([7, 11]),
      () => G.randomIntegers([99], 1000),
    ]) {
      expect(await seeded(0, draw)).toEqual(await seeded(0, draw))
      expect(await seeded(0, draw)).not.toEqual(await seeded(1, draw))
    }
  })

  gpuTest('goes on from a saved state', async () => {
    G.seed(5)
    await valuesOf(() => G.randn([10]))
    const state = G.randomState()
    const next = await valuesOf(() => G.randn([10]))
    await valuesOf(() => G.uniform([100]))
    G.setRandomState(state)
    expect(await valuesOf(() => G.randn([10]))).toEqual(next)
    expect(await valuesOf(() => G.randn([10]))).not.toEqual(next)
  })
})

const N = 40_000
describe('distributions', () => {
  for (const seed of [0, 1]) {
    gpuTest(`randn, seed ${seed}`, async () => {
      const values = await seeded(seed, () => G.randn([N]))
      const { mean, variance, skew, kurtosis } = moments(values)
      // four standard deviations of each estimate
      expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(N))
      expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / N))
      expect(Math.abs(skew)).toBeLessThan(4 * Math.sqrt(6 / N))
      expect(Math.abs(kurtosis)).toBeLessThan(4 * Math.sqrt(24 / N))
      expect(ksNormal(values).pValue).toBeGreaterThan(0.001)
    })
    gpuTest(`uniform, seed ${seed}`, async () => {
      const values = await seeded(seed, () => G.uniform([N], { min: -2, max: 3 }))
      const { mean, variance } = moments(values)
      expect(Math.abs(mean - 0.5)).toBeLessThan((4 * 5) / Math.sqrt(12 * N))
      expect(Math.abs(variance - 25 / 12)).toBeLessThan(0.05)
      expect(values.every((v) => v >= -2 && v < 3)).toBe(true)
      expect(ksUniform(values.map((v) => (v + 2) / 5)).pValue).toBeGreaterThan(0.001)
    })
    gpuTest(`randomIntegers, seed ${seed}`, async () => {
      const values = await seeded(seed, () => G.randomIntegers([N], 10))
      const counts = new Array(10).fill(0)
      for (const v of values) counts[v]++
      expect(Object.keys(counts)).toHaveLength(10)
      const chiSquare = counts.reduce((s, n) => s + (n - N / 10) ** 2 / (N / 10), 0)
      expect(chiSquare).toBeLessThan(27.9) // 9 degrees of freedom, p = 0.001
    })
  }
  gpuTest('neighbouring values do not correlate', async () => {
    const v = await seeded(2, () => G.randn([N]))
    for (const lag of [1, 2, 3, 4]) {
      const products = v.subarray(lag).map((x, i) => x * v[i])
      expect(Math.abs(moments(products).mean)).toBeLessThan(4 / Math.sqrt(N))
    }
  })
  gpuTest('uniform never rounds up to its end', async () => {
    for (const [min, max] of [
      [1000, 1001],
      [-1001, -1000],
      [-0.5, 0],
    ]) {
      const values = await seeded(0, () => G.uniform([400_000], { min, max }))
      expect(values.reduce((a, b) => Math.max(a, b))).toBeLessThan(max)
      expect(values.reduce((a, b) => Math.min(a, b))).toBeGreaterThanOrEqual(min)
    }
  })
  gpuTest('integers up to one, and up to 2^24', async () => {
    expect(new Set(await seeded(0, () => G.randomIntegers([50], 1)))).toEqual(new Set([0]))
    const large = await seeded(0, () => G.randomIntegers([N], 2 ** 24))
    expect(large.every((v) => Number.isInteger(v) && v >= 0 && v < 2 ** 24)).toBe(true)
    expect(ksUniform(large.map((v) => v / 2 ** 24)).pValue).toBeGreaterThan(0.001)
  })
})
