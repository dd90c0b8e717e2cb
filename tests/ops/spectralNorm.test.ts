import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { checkOp, type Op } from '../checkOp.ts'
import { evaluate, expectClose, gpuTest, normalFrom, onEachPath, randomOf } from '../harness.ts'
import * as R from '../ref/index.ts'

/** Starts every u at ones; u and v are then constants: the twin holds those of the first call, whose inputs are the op's. */
function opOn(): Op {
  let held: R.Held[] | undefined
  return (o, ...weights) => {
    if (o === G) {
      const u = G.powerVectors(weights, (shape) => G.ones(shape))
      const flat = G.spectralNorm(weights, u).map((w) => G.reshape(w, [w.size]))
      return G.concat(flat)
    }
    held ??= weights.map((w) => R.powerStep(w, R.full([w.shape.at(-1)], 1)))
    const normal = weights.map((w, i) => R.spectralNorm(w, (held as R.Held[])[i]))
    return R.concat(
      normal.map((w) => R.ref(w.data, [w.data.length])),
      { axis: 0 },
    )
  }
}

describe('spectralNorm', () => {
  const one = () => checkOp('one dense layer', [[5, 3]], opOn())
  onEachPath(() => {
    one()
    checkOp(
      'a single column, and a single row',
      [
        [7, 1],
        [1, 6],
      ],
      opOn(),
    )
    // More rows and more columns than lanes, sizes that are no multiples of 4, several lanes to a column.
    checkOp(
      'layers of many sizes',
      [
        [3, 3, 2, 5],
        [300, 2],
        [2, 300],
        [1, 1, 4, 8],
        [64, 1],
      ],
      opOn(),
    )
  }, one)

  const values = (name: string, shape: number[]): R.Ref => {
    const random = randomOf(name)
    return R.ref(
      Float32Array.from({ length: R.size(shape) }, () => normalFrom(random)),
      shape,
    )
  }
  const upload = (x: R.Ref) => G.tensor(Float32Array.from(x.data), x.shape)

  gpuTest('u goes on from call to call, as the iteration does', async () => {
    const shapes = [
      [3, 3, 4, 6],
      [5, 2],
    ]
    const weights = shapes.map((shape, i) => values(`w${i}`, shape))
    const calls = 4
    const [y, ...u] = await evaluate(() => {
      const ws = weights.map(upload)
      const us = G.powerVectors(ws, (shape) => G.ones(shape))
      let y = ws
      for (let i = 0; i < calls; i++) y = G.spectralNorm(ws, us)
      return [y[0], ...us.map((t) => G.add(t, 0))]
    })
    const held = weights.map((w) => {
      let now = R.powerStep(w, R.full([w.shape.at(-1) as number], 1))
      for (let i = 1; i < calls; i++) now = R.powerStep(w, now.u)
      return now
    })
    expectClose(y.data, R.spectralNorm(weights[0], held[0]).data, 1e-5)
    for (const [i, { data }] of u.entries()) expectClose(data, held[i].u.data, 1e-5)
  })

  gpuTest('finds the largest singular value', async () => {
    const diagonal = G.tensor([
      [0.5, 0, 0],
      [0, -3, 0],
      [0, 0, 2],
      [0, 0, 0],
    ])
    const [y] = await evaluate(() => {
      const us = G.powerVectors([diagonal], (shape) => G.ones(shape))
      let y = [diagonal]
      for (let i = 0; i < 30; i++) y = G.spectralNorm([diagonal], us)
      return y
    })
    diagonal.dispose()
    expectClose(y.data, [0.5 / 3, 0, 0, 0, -1, 0, 0, 0, 2 / 3, 0, 0, 0], 1e-6)
  })

  gpuTest('a weight of zeros stays zeros', async () => {
    const [y] = await evaluate(() => {
      const w = [G.zeros([3, 2])]
      return G.spectralNorm(
        w,
        G.powerVectors(w, (shape) => G.ones(shape)),
      )
    })
    expect([...y.data]).toEqual([0, 0, 0, 0, 0, 0])
  })

  gpuTest("weights in an optimiser's buffer, biases between them, give the same bits", async () => {
    const weights = [values('a', [3, 5]), values('b', [2, 2, 5, 3])]
    const normal = (ws: G.Tensor[]) => {
      const y = G.spectralNorm(
        ws,
        G.powerVectors(ws, (shape) => G.ones(shape)),
      )
      return y.map((t) => G.add(t, 0))
    }
    const apart = await evaluate(() => normal(weights.map(upload)))
    const together = await evaluate(() => {
      const [a, b] = weights.map(upload)
      const average = new G.optim.EMA([G.ones([5]), a, G.ones([3]), b])
      const y = normal([a, b])
      average.dispose()
      return y
    })
    expect(together).toEqual(apart)
  })

  gpuTest('says what is wrong', () => {
    G.scope(() => {
      const [w, u] = [G.ones([4, 3]), G.ones([3])]
      expect(() => G.spectralNorm([], [])).toThrow('expected at least one weight')
      expect(() => G.spectralNorm([w], [u, u])).toThrow('2 vectors u for 1 weights')
      expect(() => G.spectralNorm([u], [u])).toThrow('weight 0 has shape [3], expected [..., K, C]')
      expect(() => G.spectralNorm([w], [w])).toThrow('expected u 0 [3] for a weight [4, 3], got [4, 3]')
      expect(() => G.spectralNorm([w, w], [u, G.ones([3])])).toThrow('must lie in one buffer')
    })
  })
})
