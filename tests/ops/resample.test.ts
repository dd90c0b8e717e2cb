import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { checkOp, distinct } from '../checkOp.ts'
import { evaluate, gpuTest } from '../harness.ts'
import type { PoolOptions } from '../ref/index.ts'

const IMAGES = [
  [1, 1, 1, 1],
  [2, 3, 4, 3],
  [1, 5, 2, 4],
]

describe('upsample2d', () => {
  for (const mode of ['nearest', 'bilinear'])
    for (const scale of [1, 2, 3, [2, 3]])
      for (const shape of IMAGES)
        checkOp(`[${shape}] by ${scale}, ${mode}`, [shape], (o, x) => o.upsample2d(x, { scale, mode }))
})

describe('blur2d', () => {
  for (const shape of [...IMAGES, [2, 3, 9, 8], [1, 1, 17, 1]])
    checkOp(`[${shape}]`, [shape], (o, x) => o.blur2d(x))
})

describe('pooling', () => {
  const cases: [number[], PoolOptions][] = [
    [[1, 2, 2, 1], { kernel: 2 }],
    [[2, 6, 7, 3], { kernel: 2 }],
    [[2, 6, 7, 2], { kernel: 3, stride: 2, padding: 1 }],
    [[1, 7, 8, 4], { kernel: [2, 3], stride: [3, 1], padding: [0, 1, 2, 1] }],
    [[1, 5, 5, 1], { kernel: 3, stride: 1 }],
    [[2, 5, 4, 8], { kernel: 3, stride: 2, padding: 1 }],
  ]
  for (const [shape, options] of cases) {
    checkOp(`average of [${shape}] ${JSON.stringify(options)}`, [shape], (o, x) => o.avgPool2d(x, options))
    checkOp(`largest of [${shape}] ${JSON.stringify(options)}`, [distinct(shape)], (o, x) =>
      o.maxPool2d(x, options),
    )
  }
  gpuTest('the first of equals gets the gradient', async () => {
    const [dx] = await evaluate(() => {
      const x = G.zeros([1, 2, 2, 1], { requiresGrad: true })
      return G.grad(G.maxPool2d(x, { kernel: 2 }), [x])
    })
    expect([...dx.data]).toEqual([1, 0, 0, 0])
  })
})
