/** NaN and infinities through matrix products and convs. */
import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { gpuTest, onEachPath, valuesOf } from '../harness.ts'
import { INF, NAN, nansOf, normals, places, withOne } from './one.ts'

describe('products', () => {
  const matmul = () =>
    gpuTest('matmul: a row of NaN, a column of NaN', async () => {
      const left = () => G.matmul(withOne([9, 12], NAN, 12 * 3 + 5), normals(12, 10))
      expect(await nansOf(left)).toEqual(places(90, (i) => Math.floor(i / 10) === 3))
      const right = () => G.matmul(normals(12, 9), withOne([12, 10], NAN, 13), { transposeA: true })
      expect(await nansOf(right)).toEqual(places(90, (i) => i % 10 === 3))
    })
  const all = () => {
    matmul()
    for (const [channels, slope] of [[8], [8, 0], [3, 0], [1, 0.2]])
      gpuTest(`conv2d to ${channels} channels, slope ${slope}: the windows of a NaN`, async () => {
        const x = () => withOne([1, 9, 9, 4], NAN, (4 * 9 + 4) * 4)
        const op = () =>
          G.conv2d(x(), normals(3, 3, 4, channels), { padding: 1, bias: normals(channels), slope })
        const near = (i: number): boolean => {
          const pixel = Math.floor(i / channels)
          return Math.abs(Math.floor(pixel / 9) - 4) <= 1 && Math.abs((pixel % 9) - 4) <= 1
        }
        expect(await nansOf(op)).toEqual(places(81 * channels, near))
      })
    gpuTest('conv2d with a ReLU: -infinity gives 0', async () => {
      const y = await valuesOf(() =>
        G.conv2d(G.full([1, 8, 8, 4], -INF), G.ones([1, 1, 4, 8]), { bias: G.ones([8]), slope: 0 }),
      )
      expect(new Set(y)).toEqual(new Set([0]))
    })
  }
  onEachPath(all, matmul)
})
