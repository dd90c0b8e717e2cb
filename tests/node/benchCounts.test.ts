// FLOPs and bytes of every op against values counted by hand.
import { expect, test } from 'vitest'
import { dcganStepFlops } from '../../bench/dcganFlops.ts'
import {
  both,
  convOutput,
  convWork,
  gatherWork,
  matmulWork,
  normBackwardWork,
  normWork,
  optimizerWork,
  pointwiseWork,
  randomWork,
  reduceWork,
} from '../../src/engine/ops/products/counts.ts'

test('matmul: a multiplication and an addition for each of M K N', () => {
  expect(matmulWork(2, 3, 5)).toEqual({ flops: 60, bytes: 4 * (6 + 15 + 10) })
})

test('conv: taps on the padding are not counted', () => {
  // 4 wide, k4 s2 p1: outputs at -1 and 1 have 3 taps inside each, 6 along an axis, 36 in the plane.
  const conv = { n: 2, size: 4, cin: 3, cout: 5, kernel: 4, stride: 2, padding: 1 }
  expect(convOutput(conv)).toBe(2)
  expect(convWork(conv)).toEqual({
    flops: 2 * 2 * 36 * 3 * 5,
    bytes: 4 * (2 * 4 * 4 * 3 + 4 * 4 * 3 * 5 + 2 * 2 * 2 * 5),
  })
})

test('conv: without padding every tap counts', () => {
  // 5 wide, k3 s1 p0: 3 outputs of 3 taps.
  expect(convWork({ n: 1, size: 5, cin: 1, cout: 1, kernel: 3, stride: 1, padding: 0 })).toEqual({
    flops: 2 * 81,
    bytes: 4 * (25 + 9 + 9),
  })
})

test('conv: 3x3 with padding 1 loses a row and a column at each border', () => {
  // 4 wide: taps 2 + 3 + 3 + 2 = 10
  expect(convWork({ n: 1, size: 4, cin: 1, cout: 2, kernel: 3, stride: 1, padding: 1 }).flops).toBe(
    2 * 100 * 2,
  )
})

test('pointwise: so many a value; operands once each, at their own size', () => {
  expect(pointwiseWork([2, 3], [[2, 3], [3]], 2)).toEqual({ flops: 12, bytes: 4 * (6 + 6 + 3) })
})

test('reductions: one operation less than values, for each result', () => {
  expect(reduceWork([4, 5], [])).toEqual({ flops: 19, bytes: 4 * 21 })
  expect(reduceWork([4, 5], [5])).toEqual({ flops: 15, bytes: 4 * 25 })
  expect(reduceWork([4, 5], [5], 1)).toEqual({ flops: 20, bytes: 4 * 25 }) // a mean scales each
})

test('norms', () => {
  // x 2x3: mean 6, variance 18, result 18; x in, y out, scale and shift of 3
  expect(normWork([2, 3], [3])).toEqual({ flops: 42, bytes: 4 * (6 + 6 + 3 + 3) })
  // x, dy in, dx out; scale in, dscale and dshift out; 3 means and variances
  expect(normBackwardWork([2, 3], [3], 3)).toEqual({ flops: 54, bytes: 4 * (18 + 9 + 6) })
  expect(both({ flops: 1, bytes: 2 }, { flops: 10, bytes: 20 })).toEqual({ flops: 11, bytes: 22 })
})

test('optimisers', () => {
  // p and v in and out, g in; 2 multiplications, an addition and a subtraction
  expect(optimizerWork('SGD', 10)).toEqual({ flops: 40, bytes: 200 })
  expect(optimizerWork('RMSprop', 10)).toEqual({ flops: 90, bytes: 200 })
  // p, m and v in and out, g in
  expect(optimizerWork('Adam', 10)).toEqual({ flops: 130, bytes: 280 })
  expect(optimizerWork('EMA', 10)).toEqual({ flops: 30, bytes: 120 })
})

test('random numbers and rows of tables compute nothing, but move', () => {
  expect(randomWork([8, 2])).toEqual({ flops: 0, bytes: 64 })
  // 3 indices, 3 rows of 5 in and out
  expect(gatherWork(3, [5])).toEqual({ flops: 0, bytes: 4 * (3 + 15 + 15) })
  // bytes in, floats out, scaled and shifted
  expect(gatherWork(3, [5], { bytes: 1, flops: 2 })).toEqual({ flops: 30, bytes: 12 + 15 + 60 })
})

test('a step of DCGAN', () => {
  // 8x8 halves once, to 4x4: one conv, k4 s2 p1 from 1 to 2 channels. Along 8 pixels, 4 outputs: 3 + 4 + 4 + 3 = 14 taps.
  const conv = 2 * 14 * 14 * 2
  const out = 2 * 32 // 4 x 4 x 2 features to a logit
  const project = 2 * 100 * 32
  const D = conv + out
  const G = conv + project
  // D: on real and generated images, 3 passes less the first layer's data gradient; G: 2 passes of D, 3 less one of G
  const flops = 2 * (3 * D - conv) + 2 * D + 3 * G - project
  expect(dcganStepFlops({ size: 8, channels: 1, width: 2, batch: 1 })).toBe(flops)
  expect(dcganStepFlops({ size: 8, channels: 1, width: 2, batch: 4 })).toBe(4 * flops)
})
