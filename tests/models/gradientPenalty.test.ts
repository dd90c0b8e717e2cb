/** The gradient penalty of critics whose gradient is known everywhere. */
import { describe, expect } from 'vitest'
import { matmul, randn, reshape, type Tensor, tensor } from '../../src/engine/index.ts'
import { gradientPenalty } from '../../src/models/training/stabilisers/penalties.ts'
import { gpuTest, valuesOf } from '../harness.ts'

/** D(x) = w · x, whose gradient is w. */
const linearCritic = (w: readonly number[]) => ({
  forward: (x: Tensor) => matmul(reshape(x, [x.shape[0], -1]), tensor(w, [w.length, 1])),
})

describe('of a linear critic', () => {
  const of = (name: string, w: number[], penalty: number) =>
    gpuTest(name, async () => {
      const [value] = await valuesOf(() => gradientPenalty(linearCritic(w), randn([3, 2, 2, 1])))
      expect(value).toBe(penalty)
    })
  of('0 where the norm is 1', [0.5, -0.5, 0.5, 0.5], 0)
  of('(2 - 1)² where the norm is 2', [1, 1, -1, 1], 1)
  of('(½ - 1)² where the norm is ½', [0, 0.5, 0, 0], 0.25)
})
