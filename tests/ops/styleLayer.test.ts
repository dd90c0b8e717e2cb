import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { checkOp, type Input, type Op, within } from '../checkOp.ts'
import { expectClose, gpuTest, normalFrom, onEachPath, randomOf, valuesOf } from '../harness.ts'
import * as R from '../ref/index.ts'

const op: Op = (o, ...inputs) => o.styleLayer(...inputs)

/** x is 0.2 or more away from 0, and what is added to it less: away from the kink of the leaky ReLU. */
const inputs = (shape: readonly number[], samples = shape[0]): Input[] => {
  const [N, H, W, C] = shape
  const noise = { ...within(-0.5, 0.5, [samples, H, W, 1]), fixed: true }
  return [shape, noise, within(-0.2, 0.2, [C]), within(-0.08, 0.08, [C]), [N, 2 * C]]
}

// batch 1, one pixel's width, one channel, channels that are a multiple of 4 and not, odd sizes
const SHAPES = [
  [1, 3, 4, 1],
  [2, 4, 5, 3],
  [3, 3, 3, 8],
  [1, 1, 7, 4],
  [2, 9, 11, 12],
  [1, 33, 31, 4],
]

describe('styleLayer', () => {
  const everywhere = () => {
    for (const shape of SHAPES) checkOp(`[${shape}]`, inputs(shape), op)
    checkOp('noise shared by the samples', inputs([3, 5, 3, 4], 1), op)
    checkOp('another slope and eps', inputs([2, 3, 5, 4]), (o, ...xs) =>
      o.styleLayer(...xs, { slope: 0.5, eps: 0.1 }),
    )
  }
  const large = () =>
    gpuTest('a plane of 65 x 67: many lanes, and more than their strips', async () => {
      const random = randomOf('large')
      const shape = [2, 65, 67, 5]
      const normals = (dims: number[], mean = 0): R.Ref =>
        R.ref(
          Float32Array.from({ length: R.size(dims) }, () => mean + normalFrom(random)),
          dims,
        )
      // A common offset of 1,000, which must cost no digits.
      const xs = [normals(shape, 1e3), normals([2, 65, 67, 1]), normals([5]), normals([5]), normals([2, 10])]
      const y = await valuesOf(() => {
        const [x, noise, noiseScale, bias, style] = xs.map((t) =>
          G.tensor(Float32Array.from(t.data), t.shape),
        )
        return G.styleLayer(x, noise, noiseScale, bias, style)
      })
      const [x, noise, noiseScale, bias, style] = xs
      expectClose(y, R.styleLayer(x, noise, noiseScale, bias, style).data, 2e-4) // x is rounded to 6e-5
    })
  onEachPath(() => {
    everywhere()
    large()
  }, large)

  gpuTest('says which shape is wrong', () => {
    G.scope(() => {
      const [x, c] = [G.zeros([2, 3, 3, 4]), G.zeros([4])]
      expect(() => G.styleLayer(x, G.zeros([3, 3, 3, 1]), c, c, G.zeros([2, 8]))).toThrow(
        'styleLayer: expected noise [2, 3, 3, 1] or [1, 3, 3, 1], got [3, 3, 3, 1]',
      )
      expect(() => G.styleLayer(x, G.zeros([2, 3, 3, 1]), c, c, G.zeros([2, 4]))).toThrow(
        'styleLayer: expected style [2, 8], got [2, 4]',
      )
    })
  })
})
