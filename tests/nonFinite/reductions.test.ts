/** NaN and infinities through sums, means and maxima, in each form of the kernel. */
import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { tensor } from '../../src/engine/index.ts'
import { evaluate, gpuTest, valuesOf } from '../harness.ts'
import { INF, MAX, NAN, nans, nansOf, places, withOne } from './one.ts'
import { agrees } from './special.ts'

describe('reductions', () => {
  // A run of vec4s, a run of values, columns of vec4s and of values; in one pass and in several.
  const forms: [rows: number, columns: number, axis: number][] = [
    [3, 260, 1],
    [3, 5, 1],
    [3, 131, 1],
    [5, 4, 0],
    [131, 4, 0],
    [260, 3, 0],
  ]
  for (const [rows, columns, axis] of forms)
    gpuTest(`[${rows}, ${columns}] over axis ${axis}`, async () => {
      const n = rows * columns
      const of = (i: number): number => (axis === 1 ? Math.floor(i / columns) : i % columns)
      // Not in the first slice, nor first in its own.
      const at = axis === 1 ? 2 * columns - 2 : (rows - 2) * columns + 1
      for (const op of [G.sum, G.mean, G.max, G.variance, G.logSumExp])
        expect(await nansOf(() => op(withOne([rows, columns], NAN, at), { axes: axis })), op.name).toEqual([
          1,
        ])
      const whole = places(n, (i) => of(i) === 1)
      expect(await nansOf(() => G.softmax(withOne([rows, columns], NAN, at), { axis }))).toEqual(whole)
      const all = await valuesOf(() => G.max(withOne([rows, columns], -INF, ...whole), { axes: axis }))
      expect([...all.keys()].filter((i) => all[i] === -INF)).toEqual([1])
      const some = await valuesOf(() => G.max(withOne([rows, columns], INF, at), { axes: axis }))
      expect([...some.keys()].filter((i) => some[i] === INF)).toEqual([1])
      const [, dx] = await evaluate(() => {
        const x = withOne([rows, columns], NAN, at)
        const y = G.max(x, { axes: axis })
        return [y, ...G.grad(y, [x])]
      })
      expect(nans(dx.data)).toEqual(whole)
    })

  gpuTest('of nothing but infinities, as in PyTorch', async () => {
    const rows = [
      [-INF, -INF, -INF],
      [-INF, 2, -INF],
      [INF, 1, 0],
      [INF, -INF, 0],
      [-MAX, -INF, -MAX],
    ]
    const [max, sum, mean, logSumExp, softmax, norm] = await evaluate(() => {
      const x = tensor(rows)
      const over = { axes: 1 }
      return [
        G.max(x, over),
        G.sum(x, over),
        G.mean(x, over),
        G.logSumExp(x, over),
        G.softmax(x),
        G.sum(G.abs(x)),
      ]
    })
    const expectEach = (got: Float32Array, expected: number[]): void =>
      expect([...got].map((x, i) => agrees(x, expected[i]) || x)).toEqual(expected.map(() => true))
    expectEach(max.data, [-INF, 2, INF, INF, -MAX])
    expectEach(sum.data, [-INF, -INF, INF, NAN, -INF])
    expectEach(mean.data, [-INF, -INF, INF, NAN, -INF])
    expectEach(logSumExp.data, [-INF, 2, INF, INF, -MAX])
    expectEach(softmax.data, [NAN, NAN, NAN, 0, 1, 0, NAN, NAN, NAN, NAN, NAN, NAN, 0.5, 0, 0.5])
    expectEach(norm.data, [INF])
  })
})
