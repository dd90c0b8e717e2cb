import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { checkOp } from '../checkOp.ts'
import { evaluate, gpuTest, valuesOf } from '../harness.ts'

describe('reshape', () => {
  checkOp('to more dimensions', [[6, 5]], (o, x) => o.reshape(x, [2, 3, 1, 5]))
  checkOp('-1', [[2, 3, 4]], (o, x) => o.reshape(x, [4, -1]))
  checkOp('to a scalar', [[1, 1]], (o, x) => o.reshape(x, []))
})

describe('permute', () => {
  const cases: [number[], number[]][] = [
    [
      [3, 5],
      [1, 0],
    ],
    [
      [2, 3, 4],
      [1, 0, 2],
    ],
    [
      [2, 3, 5, 7],
      [0, 3, 1, 2],
    ],
    [
      [2, 3, 5, 8],
      [2, 0, 1, 3],
    ],
    [
      [2, 3, 1, 2, 2, 3],
      [5, 0, 3, 1, 4, 2],
    ],
    [
      [3, 1, 4],
      [-1, 0, 1],
    ],
    [[4], [0]],
  ]
  for (const [shape, axes] of cases) checkOp(`[${shape}] to [${axes}]`, [shape], (o, x) => o.permute(x, axes))
})

describe('slice', () => {
  const cases: [number[], number[], number[]][] = [
    [[7], [2], [5]],
    [
      [3, 5],
      [0, 1],
      [3, 4],
    ],
    [
      [2, 5, 4, 3],
      [0, 1, 2, 0],
      [2, 4, 4, 3],
    ],
    [
      [5, 6],
      [-3, 0],
      [-1, -2],
    ],
  ]
  for (const [shape, start, end] of cases)
    checkOp(`[${shape}] from [${start}] to [${end}]`, [shape], (o, x) => o.slice(x, { start, end }))
  gpuTest('what is left out is whole', async () => {
    const [a, b] = await evaluate(() => {
      const x = G.tensor([1, 2, 3, 4, 5, 6], [2, 3])
      return [G.slice(x, { start: [1] }), G.slice(x, { end: [2, 1] })]
    })
    expect([a.shape, [...a.data], b.shape, [...b.data]]).toEqual([
      [1, 3],
      [4, 5, 6],
      [2, 1],
      [1, 4],
    ])
  })
})

describe('concat', () => {
  checkOp(
    'rows',
    [
      [2, 3],
      [1, 3],
      [4, 3],
    ],
    (o, ...xs) => o.concat(xs, { axis: 0 }),
  )
  checkOp(
    'channels',
    [
      [2, 3, 2, 5],
      [2, 3, 2, 1],
    ],
    (o, ...xs) => o.concat(xs, { axis: -1 }),
  )
  checkOp(
    'the middle',
    [
      [2, 3, 2],
      [2, 1, 2],
    ],
    (o, ...xs) => o.concat(xs, { axis: 1 }),
  )
  gpuTest('large pieces among small ones', async () => {
    const sizes = [3, 20_000, 16_385, 8]
    const parts = sizes.map((size, i) => Float32Array.from({ length: size }, (_, k) => i + k / size))
    const y = await valuesOf(() => G.concat(parts.map((part) => G.tensor(part))))
    expect([...y]).toEqual(parts.flatMap((part) => [...part]))
  })
  checkOp('a tensor with itself', [[2, 3]], (o, x) => o.concat([x, o.square(x), x], { axis: 1 }))
  checkOp('one alone', [[5]], (o, x) => o.concat([x], { axis: 0 }))
})

describe('pad', () => {
  type Pads = [number, number][]
  const zero: [number[], Pads][] = [
    [[3], [[1, 2]]],
    [
      [2, 3],
      [
        [0, 0],
        [3, 1],
      ],
    ],
    [
      [1, 3, 5, 2],
      [
        [0, 1],
        [1, 2],
        [2, 0],
        [0, 3],
      ],
    ],
  ]
  for (const [shape, padding] of zero)
    checkOp(`[${shape}] by ${padding.join(' | ')}`, [shape], (o, x) => o.pad(x, { padding }))
  const reflect: [number[], Pads][] = [
    [[4], [[3, 3]]],
    [
      [2, 5],
      [
        [1, 0],
        [2, 4],
      ],
    ],
    [
      [2, 4, 5, 3],
      [
        [0, 0],
        [1, 2],
        [3, 1],
        [0, 0],
      ],
    ],
    [
      [3, 2],
      [
        [0, 0],
        [1, 1],
      ],
    ],
  ]
  for (const [shape, padding] of reflect)
    checkOp(`[${shape}] reflected by ${padding.join(' | ')}`, [shape], (o, x) =>
      o.pad(x, { padding, mode: 'reflect' }),
    )
})

describe('pixelShuffle', () => {
  checkOp('by 2', [[2, 3, 4, 12]], (o, x) => o.pixelShuffle(x, { factor: 2 }))
  checkOp('by 3', [[1, 2, 1, 9]], (o, x) => o.pixelShuffle(x, { factor: 3 }))
})

describe('stopGradient', () => {
  gpuTest('passes values, not gradients', async () => {
    const [y, dx] = await evaluate(() => {
      const x = G.tensor([2, 3], [2], { requiresGrad: true })
      const y = G.mul(x, G.stopGradient(x))
      return [y, ...G.grad(y, [x])]
    })
    expect([[...y.data], [...dx.data]]).toEqual([
      [4, 9],
      [2, 3],
    ])
  })
})
