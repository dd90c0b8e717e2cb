import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { checkOp, type Input, positive } from '../checkOp.ts'
import { expectClose, gpuTest, normalFrom, randomOf, valuesOf } from '../harness.ts'
import * as R from '../ref/index.ts'

describe('batchNorm', () => {
  // R of 1, primes, more than a strip (64), more than a strip of strips; C that is a multiple of 4 and not
  for (const shape of [
    [1, 3],
    [6, 5],
    [7, 8],
    [2, 3, 5, 4],
    [3, 1, 7, 1],
    [5, 3, 7, 3],
    [3, 5, 9, 4],
    [1, 67, 67, 1],
  ]) {
    const C = shape.at(-1) as number
    checkOp(`[${shape}]`, [shape, [C], [C]], (o, x, gamma, beta) => o.batchNorm(x, gamma, beta))
  }
  for (const slope of [0, 0.2])
    for (const shape of [
      [2, 3, 3, 5],
      [70, 8],
    ])
      checkOp(
        `[${shape}] and a leaky ReLU of slope ${slope}`,
        [shape, [shape.at(-1) ?? 0], [shape.at(-1) ?? 0]],
        (o, x, gamma, beta) => o.batchNorm(x, gamma, beta, { slope }),
      )
  checkOp('a large eps', [[5, 3], [3], [3]], (o, x, gamma, beta) => o.batchNorm(x, gamma, beta, { eps: 0.5 }))
  const four: Input[] = [[3, 2, 2, 5], [5], [5], [5], positive([5])]
  checkOp('evaluation', four, (o, x, ...rest) => o.batchNormEval(x, ...rest))
})

describe('instanceNorm', () => {
  for (const shape of [
    [1, 3, 5, 1],
    [2, 4, 5, 3],
    [3, 3, 3, 8],
    [2, 9, 11, 2],
  ]) {
    const C = shape[3]
    checkOp(`[${shape}]`, [shape, [C], [C]], (o, x, gamma, beta) => o.instanceNorm(x, gamma, beta))
  }
  checkOp('without scale and shift', [[2, 3, 5, 4]], (o, x) => o.instanceNorm(x))
})

describe('layerNorm', () => {
  const shapes: [number[], number[]][] = [
    [[2, 3, 7], [7]],
    [[5, 8], [8]],
    [
      [3, 3, 4, 5],
      [3, 4, 5],
    ],
    [
      [2, 3, 4, 5],
      [4, 5],
    ],
    [[71, 5], [5]],
    [[3, 131], [131]],
    [[1, 4], [4]],
  ]
  for (const [x, own] of shapes)
    checkOp(`[${x}] over [${own}]`, [x, own, own], (o, x, gamma, beta) => o.layerNorm(x, gamma, beta))
})

describe('adain', () => {
  for (const shape of [
    [1, 3, 4, 1],
    [2, 4, 5, 3],
    [3, 3, 3, 8],
    [2, 8, 9, 4],
  ]) {
    const [N, , , C] = shape
    checkOp(`[${shape}]`, [shape, [N, C], [N, C]], (o, x, scale, shift) => o.adain(x, scale, shift))
  }
})

describe('pixelNorm', () => {
  for (const shape of [
    [3, 5],
    [2, 3, 2, 7],
    [5, 8],
  ])
    checkOp(`[${shape}]`, [shape], (o, x) => o.pixelNorm(x))
  checkOp('a large eps', [[3, 5]], (o, x) => o.pixelNorm(x, { eps: 0.5 }))
  checkOp('one channel', [[2, 2, 2, 1]], (o, x) => o.pixelNorm(x, { eps: 0.5 }))
})

describe('a common offset of 10,000 costs no digits', () => {
  const random = randomOf('offset')
  for (const [shape, affine] of [
    [[40, 10, 10, 4], [4]],
    [[50, 3], [3]],
  ]) {
    const x = R.ref(
      Float32Array.from({ length: R.size(shape) }, () => 1e4 + normalFrom(random)),
      shape,
    )
    gpuTest(`batchNorm [${shape}]`, async () => {
      const y = await valuesOf(() =>
        G.batchNorm(G.tensor(Float32Array.from(x.data), shape), G.ones(affine), G.zeros(affine)),
      )
      const expected = R.batchNorm(x, R.full(affine, 1), R.zeros(affine)).data
      // The mean itself is rounded to f32, whose steps are 1e-3 there; E[x²] - E[x]² would be wrong by more than 1.
      expectClose(y, expected, 5e-4)
      const centred = y.map((v, i) => v - y[i % affine[0]])
      expectClose(
        centred,
        expected.map((v, i) => v - expected[i % affine[0]]),
        2e-5,
      )
    })
  }
})

gpuTest('a constant input gives the shift', async () => {
  const y = await valuesOf(() => G.batchNorm(G.full([5, 3], 7), G.ones([3]), G.tensor([1, 2, 3])))
  expect([...y]).toEqual(Array.from({ length: 5 }, () => [1, 2, 3]).flat())
})
