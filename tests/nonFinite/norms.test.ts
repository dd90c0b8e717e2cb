/** NaN and infinities through normalisations: they reach what shares statistics with them. */
import { describe, expect } from 'vitest'
import type { Tensor } from '../../src/engine/index.ts'
import * as G from '../../src/engine/index.ts'
import { evaluate, gpuTest, onEachPath, valuesOf } from '../harness.ts'
import { INF, NAN, nans, normals, places, withOne } from './one.ts'

describe('norms', () => {
  const shape = [2, 3, 3, 4]
  const at = 1 * 36 + 5 * 4 + 2 // sample 1, channel 2
  const isIts = {
    channel: (i: number) => i % 4 === 2,
    plane: (i: number) => i % 4 === 2 && i >= 36,
    sample: (i: number) => i >= 36,
    pixel: (i: number) => Math.floor(i / 4) === Math.floor(at / 4),
  }
  const affine = (...dims: number[]): [Tensor, Tensor] => [G.ones(dims), G.zeros(dims)]
  const batchNorm = (slope?: number) => (x: Tensor) => G.batchNorm(x, ...affine(4), { slope })
  const cases: [string, (x: Tensor) => Tensor, keyof typeof isIts][] = [
    ['batchNorm', batchNorm(), 'channel'],
    ['batchNorm with a ReLU', batchNorm(0), 'channel'],
    ['batchNorm with a leaky ReLU', batchNorm(0.2), 'channel'],
    ['instanceNorm', G.instanceNorm, 'plane'],
    ['adain', (x) => G.adain(x, ...affine(2, 4)), 'plane'],
    ['layerNorm', (x) => G.layerNorm(x, ...affine(3, 3, 4)), 'sample'],
    ['pixelNorm', G.pixelNorm, 'pixel'],
    ...[0.2, 0].map((slope): [string, (x: Tensor) => Tensor, keyof typeof isIts] => [
      `styleLayer of slope ${slope}`,
      (x) => G.styleLayer(x, normals(2, 3, 3, 1), normals(4), normals(4), normals(2, 8), { slope }),
      'plane',
    ]),
  ]
  const check = ([name, op, reach]: (typeof cases)[number]): void =>
    gpuTest(name, async () => {
      const its = places(72, isIts[reach])
      for (const value of [NAN, INF, -INF]) {
        const [y, dx] = await evaluate(() => {
          const x = withOne(shape, value, at)
          const y = op(x)
          return [y, ...G.grad(y, [x], { gradOutput: normals(...shape) })]
        })
        // As in PyTorch, NaN for all that share statistics with an infinity. A pixel norm makes the others 0, and a ReLU
        // in front takes -infinity away.
        const reached = name.endsWith('slope 0') && value === -INF ? [] : its
        expect(nans(y.data)).toEqual(reach === 'pixel' && !Number.isNaN(value) ? [at] : reached)
        expect(nans(dx.data).every((i) => reached.includes(i))).toBe(true)
        expect(nans(dx.data).length > 0).toBe(reached.length > 0)
      }
      const dx = await valuesOf(() => {
        const x = normals(...shape)
        return G.grad(op(x), [x], { gradOutput: withOne(shape, NAN, at) })[0]
      })
      expect(nans(dx).every((i) => its.includes(i))).toBe(true)
      // A ReLU may have let nothing through.
      if (!/slope 0$|a ReLU/.test(name)) expect(nans(dx)).toEqual(its)
    })
  onEachPath(
    () => {
      for (const each of cases) check(each)
    },
    () => check(cases[0]),
  )

  gpuTest('spectralNorm: the whole layer, and no other', async () => {
    const [a, b] = await evaluate(() => {
      const weights = [withOne([3, 5], NAN, 7), normals(4, 2)]
      return G.spectralNorm(weights, G.powerVectors(weights, G.ones))
    })
    expect(nans(a.data)).toEqual(places(15, () => true))
    expect(nans(b.data)).toEqual([])
  })
})
