import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { checkOp, distinct, positive } from '../checkOp.ts'
import { evaluate, gpuTest, valuesOf } from '../harness.ts'

const SHAPE = [2, 3, 5, 4]
const AXES = [undefined, [], [0], [1], [-1], [-2], [0, 1], [0, 2], [2, 3], [0, 1, 2], [1, 3], [0, 1, 2, 3]]

describe('axes', () => {
  for (const axes of AXES) {
    checkOp(`sum over ${axes && `[${axes}]`}`, [SHAPE], (o, x) => o.sum(x, { axes }))
    checkOp(`mean over ${axes && `[${axes}]`}, kept`, [positive(SHAPE)], (o, x) =>
      o.mean(x, { axes, keepDims: true }),
    )
  }
  for (const axes of [undefined, [0], [-1], [0, 2], [1, 2]]) {
    checkOp(`max over ${axes && `[${axes}]`}`, [distinct(SHAPE)], (o, x) => o.max(x, { axes }))
    checkOp(`variance over ${axes && `[${axes}]`}`, [SHAPE], (o, x) => o.variance(x, { axes }))
    checkOp(`logSumExp over ${axes && `[${axes}]`}`, [SHAPE], (o, x) => o.logSumExp(x, { axes }))
  }
  checkOp('logSumExp, kept', [[3, 5]], (o, x) => o.logSumExp(x, { axes: [0], keepDims: true }))
  for (const axis of [0, 1, -1])
    checkOp(`softmax along ${axis}`, [[2, 3, 5]], (o, x) => o.softmax(x, { axis }))
  checkOp('a scalar', [[]], (o, x) => o.add(o.sum(x), o.mean(x)))
  checkOp('sizes of 1', [[1, 1, 3, 1]], (o, x) => o.mean(x, { axes: [0, 2] }))
})

describe('lengths', () => {
  for (const n of [4, 5, 8, 63, 64, 65, 129, 260, 4097, 4100]) {
    checkOp(`sum of ${n}`, [positive([n])], (o, x) => o.sum(x))
    // Thousands of values lie too close together for difference quotients.
    checkOp(`max of ${n}`, [distinct([n])], (o, x) => o.max(x), { gradients: n < 1000 })
  }
  checkOp('rows of 67', [positive([3, 67])], (o, x) => o.mean(x, { axes: [1] }))
  checkOp('columns of 131', [positive([131, 3])], (o, x) => o.mean(x, { axes: [0] }))
  checkOp('columns of 131, four at once', [positive([131, 8])], (o, x) => o.sum(x, { axes: [0] }))
  checkOp('the middle', [positive([2, 70, 3])], (o, x) => o.sum(x, { axes: [1] }))
})

gpuTest('ties share the gradient of max', async () => {
  const [g] = await evaluate(() => {
    const x = G.tensor([1, 3, 3, 2, 2, 2], [2, 3], { requiresGrad: true })
    return G.grad(G.max(x, { axes: 1 }), [x])
  })
  expect([...g.data].map((v) => Math.fround(v))).toEqual([0, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3].map(Math.fround))
})

gpuTest('logSumExp and softmax of large values', async () => {
  const values = await valuesOf(() => {
    const x = G.tensor([1e4, 1e4, -3e38, -1e4], [2, 2])
    return G.concat([G.logSumExp(x, { axes: 1, keepDims: true }), G.softmax(x)], { axis: 1 })
  })
  const expected = [1e4 + Math.LN2, 0.5, 0.5, -1e4, 0, 1]
  expected.forEach((e, i) => {
    expect(Math.abs(values[i] - e)).toBeLessThanOrEqual(1e-3 * Number(Math.abs(e) > 1))
  })
})

gpuTest('variance does not suffer from a large offset', async () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => 1e4 + (i % 7))
  const mean = values.reduce((a, b) => a + b / 1000, 0)
  const expected = values.reduce((a, v) => a + (v - mean) ** 2 / 1000, 0)
  const [actual] = await valuesOf(() => G.variance(G.tensor(values)))
  // The mean itself is rounded to 1e-3, which enters squared.
  expect(Math.abs(actual - expected) / expected).toBeLessThan(1e-5)
})
